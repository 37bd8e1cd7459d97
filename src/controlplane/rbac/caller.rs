//! What a caller is within one logical cluster: a ServiceAccount of another one, or a user whose scopes do not
//! reach here, is nobody in particular.
//!
//! Pure. The rules are kcp's; the extras that carry them are written by whoever authenticates.

use crate::apiserver::identity::User;

pub const MASTERS: &str = "system:masters";
pub const AUTHENTICATED: &str = "system:authenticated";
pub const ANONYMOUS: &str = "system:anonymous";
/// The logical cluster a ServiceAccount is in.
pub const CLUSTER_NAME: &str = "authentication.kcp.io/cluster-name";
/// Each value names clusters of which one must be this one: `cluster:a,cluster:b`.
pub const SCOPES: &str = "authentication.kcp.io/scopes";
const SERVICE_ACCOUNT: &str = "system:serviceaccount:";

/// The user that a ServiceAccount of a logical cluster is.
pub fn service_account(cluster: &str, namespace: &str, name: &str, uid: &str) -> User {
    User {
        name: format!("{SERVICE_ACCOUNT}{namespace}:{name}"),
        uid: uid.to_owned(),
        groups: vec![
            "system:serviceaccounts".to_owned(),
            format!("system:serviceaccounts:{namespace}"),
            AUTHENTICATED.to_owned(),
        ],
        extra: [(CLUSTER_NAME.to_owned(), vec![cluster.to_owned()])].into(),
    }
}

/// A caller as one logical cluster sees him.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// What he has is the sum of what these have.
    pub users: Vec<User>,
    /// A member of `system:masters`, whom nothing is refused.
    pub master: bool,
    /// A ServiceAccount of this cluster, for whom the door is open.
    pub local_service_account: bool,
}

impl Caller {
    pub fn of(user: &User, cluster: &str) -> Self {
        let is_service_account = user.name.starts_with(SERVICE_ACCOUNT);
        let here = reaches(user, cluster) && (!is_service_account || is_of(user, cluster));
        let this = if here { user.clone() } else { nobody(user) };
        let abroad = is_service_account.then(|| abroad(user)).flatten();
        Self {
            master: here && user.groups.iter().any(|group| group == MASTERS),
            local_service_account: here && is_service_account,
            users: [this].into_iter().chain(abroad).collect(),
        }
    }
}

/// Every value of the scopes must name the cluster.
fn reaches(user: &User, cluster: &str) -> bool {
    let names = |scope: &str| scope.trim().strip_prefix("cluster:") == Some(cluster);
    let scopes = user.extra.get(SCOPES).into_iter().flatten();
    scopes.into_iter().all(|scope| scope.split(',').any(names))
}

/// A ServiceAccount that does not say where it is from counts as one of the cluster it asks.
fn is_of(user: &User, cluster: &str) -> bool {
    user.extra.get(CLUSTER_NAME).is_none_or(|from| matches!(from.as_slice(), [one] if one == cluster))
}

fn nobody(user: &User) -> User {
    let known = user.groups.iter().filter(|group| *group == AUTHENTICATED).cloned().collect();
    User { name: ANONYMOUS.to_owned(), groups: known, ..User::default() }
}

/// The name by which RBAC of any cluster may mean this ServiceAccount.
fn abroad(user: &User) -> Option<User> {
    let rest = user.name.strip_prefix(SERVICE_ACCOUNT)?;
    let [from] = user.extra.get(CLUSTER_NAME)?.as_slice() else { return None };
    let name = format!("system:kcp:serviceaccount:{from}:{rest}");
    Some(User { name, groups: vec![AUTHENTICATED.to_owned()], ..User::default() })
}
