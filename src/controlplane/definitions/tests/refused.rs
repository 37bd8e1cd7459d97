//! Mistakes outside schemas.

use serde_json::json;

use super::{check, crontab, faults};

const LABEL: &str = "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an \
                     alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', \
                     regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')";

#[test]
fn names() {
    let mut definition = crontab();
    definition["metadata"]["name"] = "crontab.stable.example.com".into();
    let text = "metadata.name: Invalid value: \"crontab.stable.example.com\": must be \
                spec.names.plural+\".\"+spec.group";
    assert_eq!(faults(definition), [text]);
    let mixed = "may have mixed case, but should otherwise match";
    check(
        "/spec/names/kind",
        json!("Cron_Tab"),
        &[
            &format!("spec.names.singular: Invalid value: \"cron_tab\": {LABEL}"),
            &format!("spec.names.kind: Invalid value: \"Cron_Tab\": {mixed}: {LABEL}"),
            &format!("spec.names.listKind: Invalid value: \"Cron_TabList\": {mixed}: {LABEL}"),
        ],
    );
    check(
        "/spec/names/shortNames",
        json!(["CT"]),
        &[&format!("spec.names.shortNames[0]: Invalid value: \"CT\": {LABEL}")],
    );
    let same = "spec.names.listKind: Invalid value: \"CronTab\": kind and listKind may not be the same";
    check("/spec/names/listKind", json!("CronTab"), &[same]);
    let mut definition = crontab();
    definition["spec"]["names"] = json!({});
    let found = faults(definition);
    for field in ["plural", "singular", "kind", "listKind"] {
        assert!(found.contains(&format!("spec.names.{field}: Required value")), "{found:?}");
    }
}

#[test]
fn group_and_scope() {
    let mut definition = crontab();
    definition["spec"]["group"] = "stable".into();
    definition["metadata"]["name"] = "crontabs.stable".into();
    let dot = "spec.group: Invalid value: \"stable\": should be a domain with at least one dot";
    assert_eq!(faults(definition), [dot]);
    check("/spec/scope", json!(""), &["spec.scope: Required value"]);
    check(
        "/spec/scope",
        json!("Global"),
        &["spec.scope: Unsupported value: \"Global\": supported values: \"Cluster\", \"Namespaced\""],
    );
    let mut definition = crontab();
    definition["spec"]["group"] = "x.k8s.io".into();
    definition["metadata"]["name"] = "crontabs.x.k8s.io".into();
    assert!(faults(definition.clone())[0].contains("protected groups must have approval annotation"));
    definition["metadata"]["annotations"] = json!({"api-approved.kubernetes.io": "unapproved, a test"});
    assert_eq!(faults(definition), Vec::<String>::new());
}

#[test]
fn versions() {
    let mut definition = crontab();
    definition["spec"]["versions"][0]["storage"] = false.into();
    let found = faults(definition);
    assert!(found[0].starts_with("spec.versions: Invalid value: [{"), "{found:?}");
    assert!(found[0].ends_with("must have exactly one version marked as storage version"));
    assert_eq!(found[1], "status.storedVersions: Invalid value: null: must have at least one stored version");
    let mut definition = crontab();
    let mut second = definition["spec"]["versions"][0].clone();
    second["storage"] = false.into();
    definition["spec"]["versions"].as_array_mut().unwrap().push(second);
    assert!(faults(definition)[0].ends_with("must contain unique version names"));
    check(
        "/spec/versions/0/schema",
        json!(null),
        &[
            "spec.versions[0].schema.openAPIV3Schema: Required value",
            "spec.selectableFields: Invalid value: \"\": may only be set when validations.schema is included",
        ],
    );
    let warning = "spec.versions[0].deprecationWarning: Invalid value: \"old\": can only be set for deprecated versions";
    check("/spec/versions/0/deprecationWarning", json!("old"), &[warning]);
    check(
        "/spec/versions",
        json!("v1"),
        &[
            "spec.versions: Invalid value: \"string\": spec.versions in body must be of type array: \"string\"",
        ],
    );
}

#[test]
fn subresources_columns_and_selectable_fields() {
    let scale = "/spec/versions/0/subresources/scale";
    check(
        &format!("{scale}/specReplicasPath"),
        json!(".status.replicas"),
        &[
            "spec.subresources.scale.specReplicasPath: Invalid value: \".status.replicas\": should be a json path under .spec",
        ],
    );
    check(
        &format!("{scale}/statusReplicasPath"),
        json!(""),
        &["spec.subresources.scale.statusReplicasPath: Required value"],
    );
    check(
        &format!("{scale}/labelSelectorPath"),
        json!("selector"),
        &[
            "spec.subresources.scale.labelSelectorPath: Invalid value: \"selector\": must be a simple json path starting with .",
        ],
    );
    let columns = "/spec/versions/0/additionalPrinterColumns/0";
    check(
        columns,
        json!({"type": "text", "format": "int33", "jsonPath": "spec"}),
        &[
            "spec.additionalPrinterColumns[0].name: Required value",
            "spec.additionalPrinterColumns[0].type: Invalid value: \"text\": must be one of boolean,date,integer,number,string",
            "spec.additionalPrinterColumns[0].format: Invalid value: \"int33\": must be one of byte,date,date-time,double,float,int32,int64,password",
            "spec.additionalPrinterColumns[0].JSONPath: Invalid value: \"spec\": must be a simple json path starting with .",
        ],
    );
    let fields = "/spec/versions/0/selectableFields";
    check(
        fields,
        json!([{"jsonPath": ".spec.image"}, {"jsonPath": ".spec.image"}, {"jsonPath": ".spec"}]),
        &[
            "spec.selectableFields[1].jsonPath: Duplicate value: \".spec.image\"",
            "spec.selectableFields[2].jsonPath: Invalid value: \".spec\": must point to a field of type string, boolean or integer. Enum string fields and strings with formats are allowed.",
        ],
    );
}

#[test]
fn conversion() {
    check(
        "/spec/conversion",
        json!({"strategy": "Webhook", "webhook": {}}),
        &["spec.conversion.strategy: Forbidden: this control plane calls no conversion webhooks; use None"],
    );
    check(
        "/spec/conversion",
        json!({"strategy": "None", "webhook": {"clientConfig": {"url": "https://a"}}}),
        &[
            "spec.conversion.webhookClientConfig: Forbidden: should not be set when strategy is not set to Webhook",
        ],
    );
    check(
        "/spec/preserveUnknownFields",
        json!(true),
        &[
            "spec.preserveUnknownFields: Invalid value: true: must be false in order to use defaults in the schema",
            "spec.preserveUnknownFields: Invalid value: true: cannot set to true, set x-kubernetes-preserve-unknown-fields to true in spec.versions[*].schema instead",
        ],
    );
}
