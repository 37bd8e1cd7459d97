//! The Leases of all targets. One that is gone is remembered while its target is there, so that deleting
//! it never lowers an age.

use std::{
    borrow::Cow,
    collections::{HashMap, HashSet},
    sync::Arc,
};

use super::{
    clock::Now,
    lease::{self, Liveness},
};
use crate::informers::RawObject;

#[derive(Clone, Copy, Debug, Default)]
struct Entry {
    liveness: Option<Liveness>,
    exists: bool,
}

/// By the [id](crate::informers::ObjectMeta::id) of the target.
#[derive(Debug, Default)]
pub struct Leases(HashMap<Arc<str>, Entry>);

/// A Lease that does not decode.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Undecodable;

impl Leases {
    /// The id of the target it is about, if it is about one.
    pub fn apply<'a>(
        &mut self,
        object: &'a RawObject,
        now: Now,
    ) -> Result<Option<Cow<'a, str>>, Undecodable> {
        let Some(uid) = lease::target_of(&object.meta) else { return Ok(None) };
        let renewal = lease::read(object).ok_or(Undecodable)?;
        let liveness = Liveness::observe(self.liveness(&uid), renewal, now);
        self.0.insert((*uid).into(), Entry { liveness, exists: true });
        Ok(Some(uid))
    }

    /// It is gone; `remember` while its target is there.
    pub fn delete(&mut self, uid: &str, remember: bool) {
        match self.0.get_mut(uid) {
            Some(entry) if remember => entry.exists = false,
            _ => drop(self.0.remove(uid)),
        }
    }

    /// Only these are left. Says whose are gone.
    pub fn retain(&mut self, there: &[RawObject], remember: impl Fn(&str) -> bool) -> Vec<Arc<str>> {
        let there: HashSet<_> = there.iter().filter_map(|object| lease::target_of(&object.meta)).collect();
        let mut gone = Vec::new();
        self.0.retain(|uid, entry| {
            let exists = there.contains(&**uid);
            if entry.exists && !exists {
                gone.push(uid.clone());
            }
            entry.exists = exists;
            exists || remember(uid)
        });
        gone
    }

    /// Its target is gone: nothing is to be remembered any more.
    pub fn forget(&mut self, uid: &str) {
        if !self.exists(uid) {
            self.0.remove(uid);
        }
    }

    /// It was made by ourselves, whether or not we have seen it yet.
    pub fn made(&mut self, uid: &Arc<str>) {
        self.0.entry(uid.clone()).or_default().exists = true;
    }

    pub fn exists(&self, uid: &str) -> bool {
        self.0.get(uid).is_some_and(|entry| entry.exists)
    }

    pub fn liveness(&self, uid: &str) -> Option<Liveness> {
        self.0.get(uid).and_then(|entry| entry.liveness)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::{json, value::to_raw_value};

    use super::*;
    use crate::informers::ObjectMeta;

    fn lease(name: &str, renewed: &str) -> RawObject {
        let json = json!({"spec": {"holderIdentity": "a", "renewTime": renewed}});
        RawObject {
            meta: ObjectMeta { name: name.into(), ..ObjectMeta::default() },
            json: to_raw_value(&json).unwrap(),
        }
    }

    #[test]
    fn a_lease_that_is_gone_is_remembered_while_its_target_is_there() {
        let now = Now { elapsed: Duration::ZERO, wall: "2026-01-01T00:00:50Z".parse().unwrap() };
        let mut leases = Leases::default();
        let one = lease("synctarget-u1", "2026-01-01T00:00:00Z");
        assert_eq!(leases.apply(&one, now), Ok(Some("u1".into())));
        assert_eq!(leases.apply(&lease("tmc", "2026-01-01T00:00:00Z"), now), Ok(None));
        assert_eq!(leases.apply(&lease("synctarget-u2", "soon"), now), Err(Undecodable));
        let age = |leases: &Leases| leases.liveness("u1").map(|known| known.age(Duration::ZERO).as_secs());
        leases.delete("u1", true);
        assert_eq!((leases.exists("u1"), age(&leases)), (false, Some(50)));
        leases.made(&"u1".into());
        assert_eq!((leases.exists("u1"), age(&leases)), (true, Some(50)), "as old as before");
        assert_eq!(leases.retain(&[], |_| true), ["u1".into()]);
        leases.forget("u1");
        assert_eq!(age(&leases), None);
    }
}
