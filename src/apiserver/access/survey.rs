//! Asking for a caller's rows: the wide question first, then each name that could be his.
//!
//! Fed with a slot by requests and re-checks. It changes nothing; the slot decides what the answers mean.

use std::collections::{HashMap, HashSet};

use futures::{StreamExt, TryStreamExt, stream};
use tokio::time::Instant;

use super::{
    MAX_ROWS, RowAccess,
    set::MAX_DECIDED,
    slot::{Slot, about},
};
use crate::apiserver::{
    authz::Urgency,
    identity::{Attributes, Decision},
};

/// Names asked about at a time.
const IN_FLIGHT: usize = 50;

/// What was found.
#[derive(Debug)]
pub(crate) struct Survey {
    /// When the first question was asked.
    pub(crate) asked: Instant,
    pub(crate) all: bool,
    pub(crate) rows: HashMap<String, bool>,
    /// The only names worth asking about, if anything says so.
    pub(crate) candidates: Option<HashSet<String>>,
    /// Names that are gone were left out, because there were too many of them.
    pub(crate) only_present: bool,
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) enum SurveyError {
    Unanswered,
    TooManyRows,
}

impl RowAccess {
    pub(crate) async fn survey(&self, slot: &Slot, urgency: Urgency) -> Result<Survey, SurveyError> {
        let mut survey = Survey {
            asked: Instant::now(),
            all: false,
            rows: HashMap::new(),
            candidates: None,
            only_present: false,
        };
        if let Some(only) = &slot.only {
            survey.candidates = Some([only.clone()].into());
            survey.rows = self.ask_each(slot, vec![only.clone()], urgency).await?;
            return Ok(survey);
        }
        survey.all = self.may(&slot.question, urgency).await?;
        if survey.all {
            return Ok(survey);
        }
        survey.candidates = self.hinted(slot);
        let present = present(slot, survey.candidates.as_ref())?;
        let mut names: HashSet<String> =
            slot.set().map(|set| set.decided()).unwrap_or_default().into_iter().collect();
        names.extend(present.iter().cloned());
        if names.len() > MAX_DECIDED {
            survey.only_present = true;
            names = present;
        }
        survey.rows = self.ask_each(slot, names.into_iter().collect(), urgency).await?;
        Ok(survey)
    }

    fn hinted(&self, slot: &Slot) -> Option<HashSet<String>> {
        let resource = &slot.resource;
        let names = self.hints.as_ref()?.names(&slot.question.user, &resource.group, &resource.resource)?;
        Some(names.into_iter().collect())
    }

    async fn ask_each(
        &self,
        slot: &Slot,
        names: Vec<String>,
        urgency: Urgency,
    ) -> Result<HashMap<String, bool>, SurveyError> {
        let ask = |name: String| async move {
            let allowed = self.may(&about(&slot.question, &name), urgency).await?;
            Ok((name, allowed))
        };
        stream::iter(names).map(ask).buffer_unordered(IN_FLIGHT).try_collect().await
    }

    pub(crate) async fn may(&self, question: &Attributes, urgency: Urgency) -> Result<bool, SurveyError> {
        let decision = self.authorizer.fresh(question, urgency).await;
        Ok(decision.map_err(|_| SurveyError::Unanswered)? == Decision::Allow)
    }
}

/// The names that exist, of the candidates where there are any.
fn present(slot: &Slot, candidates: Option<&HashSet<String>>) -> Result<HashSet<String>, SurveyError> {
    let snapshot = slot.log().snapshot();
    if candidates.is_none() && snapshot.len() > MAX_ROWS {
        return Err(SurveyError::TooManyRows);
    }
    let names = snapshot.iter().map(|object| &object.key.name);
    let names = names.filter(|name| candidates.is_none_or(|candidates| candidates.contains(&***name)));
    let names: HashSet<String> = names.map(|name| (**name).to_owned()).collect();
    if names.len() > MAX_ROWS {
        return Err(SurveyError::TooManyRows);
    }
    Ok(names)
}
