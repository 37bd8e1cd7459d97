//! Every code with its severity, what its message names, and what the verdict leads to.

mod cases;

use proptest::prelude::*;

use super::{
    facts::{FileFact, Holds},
    *,
};

fn finding(severity: Severity, code: Code, message: &str) -> Finding {
    Finding { severity, code, message: message.to_owned() }
}

#[test]
fn a_fatal_finding_makes_the_condition_false_and_a_degrading_one_its_reason() {
    use Severity::{Degrade, Fatal, Warn};
    let verdict = |findings: &[(Severity, Code)]| Verdict {
        findings: findings.iter().map(|(severity, code)| finding(*severity, *code, "m")).collect(),
    };
    let cases = [
        (verdict(&[]), (true, "AsExpected")),
        (verdict(&[(Warn, Code::RunAsRoot)]), (true, "AsExpected")),
        (verdict(&[(Degrade, Code::CertExpiresSoon), (Warn, Code::RunAsRoot)]), (true, "CertExpiresSoon")),
        (verdict(&[(Fatal, Code::SameCluster), (Degrade, Code::TokenStatic)]), (false, "SameCluster")),
    ];
    for (verdict, (status, reason)) in cases {
        let condition = verdict.condition();
        assert_eq!((condition.status, condition.reason.as_str()), (status, reason));
        assert_eq!(verdict.stops(Enforcement::Enforce), !status);
        assert!(!verdict.stops(Enforcement::Warn));
    }
}

#[test]
fn a_long_message_is_cut_between_findings() {
    let findings =
        (0..100).map(|index| finding(Severity::Warn, Code::RBACExcessive, &format!("{index:0>60}")));
    let message = Verdict { findings: findings.collect() }.condition().message;
    assert!(message.len() < MESSAGE_LIMIT + 32, "{}", message.len());
    assert!(message.lines().last().unwrap().starts_with("and "), "{message}");
    let one = Verdict { findings: vec![finding(Severity::Fatal, Code::CAInvalid, "x")] };
    assert_eq!(one.condition().message, "CAInvalid: x");
}

#[test]
fn every_finding_is_told_the_worst_first() {
    let facts = cases::broken();
    let verdict = validate_security_context(&facts);
    let severities: Vec<_> = verdict.findings.iter().map(|finding| finding.severity).collect();
    assert!(severities.is_sorted_by(|one, other| one >= other), "{severities:?}");
    for severity in [Severity::Fatal, Severity::Degrade, Severity::Warn] {
        assert!(verdict.of(severity).count() >= 2, "{severity}: {verdict:#?}");
    }
}

fn any_file() -> impl Strategy<Value = FileFact> {
    (0_u32..0o1000, 0_u32..3, any::<bool>(), any::<bool>()).prop_map(|(mode, owner, projected, secret)| {
        FileFact {
            path: "/f".into(),
            holds: if secret { Holds::Secret } else { Holds::Public },
            mode,
            owner,
            projected,
        }
    })
}

proptest! {
    #[test]
    fn a_file_is_judged_by_its_bits_alone(file in any_file()) {
        let mut facts = Facts::default();
        facts.process.uid = Some(1);
        facts.files.push(file.clone());
        let verdict = validate_security_context(&facts);
        let others_write = file.mode & 0o022 != 0 || file.owner == 2;
        prop_assert_eq!(verdict.is_fatal(), others_write);
        let group_reads = file.mode & 0o040 != 0 && !file.projected;
        let others_read = file.holds == Holds::Secret && (file.mode & 0o004 != 0 || group_reads);
        prop_assert_eq!(verdict.of(Severity::Degrade).count(), usize::from(others_read));
        prop_assert!(verdict.findings.iter().all(|finding| finding.message.contains("/f")));
    }

    #[test]
    fn as_time_goes_by_nothing_gets_better(days in -400_i64..400, later in 0_i64..400) {
        let mut facts = cases::sound();
        facts.now += jiff::SignedDuration::from_hours(days * 24);
        let worst = |facts: &Facts| validate_security_context(facts).findings.first().map(|worst| worst.severity);
        let first = worst(&facts);
        // Before a certificate holds it gets better once: when it does.
        prop_assume!(days >= 0);
        facts.now += jiff::SignedDuration::from_hours(later * 24);
        prop_assert!(worst(&facts) >= first);
    }

    #[test]
    fn equal_facts_give_equal_findings_in_any_order(files in proptest::collection::vec(any_file(), 0..6)) {
        let mut facts = cases::broken();
        facts.files = files;
        let one = validate_security_context(&facts);
        facts.files.reverse();
        facts.sides.reverse();
        prop_assert_eq!(one, validate_security_context(&facts));
    }
}
