//! What we may do, asked one right at a time and remembered: the questions cost an API more than the answers are
//! worth every ten minutes.

use std::{collections::BTreeMap, time::Duration};

use futures::{StreamExt, stream};
use tokio::time::Instant;

use crate::{
    api::placement::GroupResource,
    security::{
        context::facts::{Right, SideName, Wanted},
        rules::{
            Permission,
            syncer::{self, Scope},
        },
    },
    upstream::{Upstream, rights::may},
};

/// How long an answer counts, unless an API has refused something meanwhile.
pub const FRESH: Duration = Duration::from_secs(3600);
/// Questions in flight.
const AT_ONCE: usize = 5;

/// Answers so far.
#[derive(Default)]
pub struct Asked {
    answers: BTreeMap<SideName, (Instant, Scope, Vec<Right>)>,
}

impl Asked {
    /// Asks anew the next time: an API has answered 403.
    pub fn forget(&mut self) {
        self.answers.clear();
    }

    pub async fn of(&mut self, name: SideName, upstream: &Upstream, scope: &Scope) -> Vec<Right> {
        if let Some((at, of, rights)) = self.answers.get(&name)
            && of == scope
            && at.elapsed() < FRESH
        {
            return rights.clone();
        }
        let rights: Vec<_> = stream::iter(questions(name, scope))
            .map(|(permission, kind)| async move {
                let allowed = may(upstream, &permission.to_json()).await.ok();
                Right { permission, kind, allowed }
            })
            .buffered(AT_ONCE)
            .collect()
            .await;
        // What was not answered is asked again.
        if rights.iter().all(|right| right.allowed.is_some()) {
            self.answers.insert(name, (Instant::now(), scope.clone(), rights.clone()));
        }
        rights
    }
}

fn questions(name: SideName, scope: &Scope) -> Vec<(Permission, Wanted)> {
    let roles = match name {
        SideName::Upstream => syncer::upstream(scope),
        SideName::Downstream => syncer::downstream(scope),
    };
    let needed = syncer::permissions(&roles).into_iter().map(|(one, need)| (one, Wanted::Needed(need)));
    let secrets = GroupResource { group: String::new(), resource: "secrets".to_owned() };
    let mut excessive = syncer::excessive();
    if !scope.kinds.contains(&secrets) {
        excessive.push(syncer::every_secret());
    }
    needed.chain(excessive.into_iter().map(|one| (one, Wanted::Excessive))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::workload::Mode;

    #[test]
    fn secrets_are_too_much_for_whoever_syncs_none() {
        let secrets = GroupResource { group: String::new(), resource: "secrets".to_owned() };
        let mut scope = Scope {
            target: "a".to_owned(),
            uid: "u".to_owned(),
            mode: Mode::Filter,
            kinds: Vec::new(),
            upsync: Vec::new(),
        };
        let too_much = |scope: &Scope| {
            let asked = questions(SideName::Downstream, scope);
            let of =
                |(one, kind): &(Permission, Wanted)| *kind == Wanted::Excessive && one.resource == "secrets";
            asked.iter().any(of)
        };
        assert!(too_much(&scope));
        scope.kinds.push(secrets);
        assert!(!too_much(&scope));
    }
}
