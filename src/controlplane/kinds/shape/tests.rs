//! Each case is an answer of kube-apiserver 1.36.3.

use serde_json::json;

use super::decode;

#[test]
fn what_go_cannot_read_is_said_in_its_words() {
    for (kind, object, error) in [
        (
            "ConfigMap",
            json!({"data": {"a": 3}}),
            "json: cannot unmarshal number into Go struct field ConfigMap.data of type string",
        ),
        ("ConfigMap", json!({"binaryData": {"c": "a!"}}), "illegal base64 data at input byte 1"),
        (
            "ConfigMap",
            json!({"data": []}),
            "json: cannot unmarshal array into Go struct field ConfigMap.data of type map[string]string",
        ),
        (
            "ConfigMap",
            json!({"metadata": {"name": 3}}),
            "json: cannot unmarshal number into Go struct field ObjectMeta.metadata.name of type string",
        ),
        (
            "Service",
            json!({"spec": {"ports": [{"port": "80"}]}}),
            "json: cannot unmarshal string into Go struct field ServicePort.spec.ports.port of type int32",
        ),
        (
            "Service",
            json!({"spec": {"ports": [{"port": 80.5}]}}),
            "json: cannot unmarshal number 80.5 into Go struct field ServicePort.spec.ports.port of type int32",
        ),
        (
            "Service",
            json!({"spec": {"ports": [{"port": 80, "targetPort": true}]}}),
            "json: cannot unmarshal bool into Go struct field ServicePort.spec.ports.targetPort of type int32",
        ),
        (
            "Service",
            json!({"spec": {"ports": {}}}),
            "json: cannot unmarshal object into Go struct field ServiceSpec.spec.ports of type []v1.ServicePort",
        ),
        (
            "Service",
            json!({"spec": []}),
            "json: cannot unmarshal array into Go struct field Service.spec of type v1.ServiceSpec",
        ),
        (
            "Deployment",
            json!({"spec": {"replicas": "3"}}),
            "json: cannot unmarshal string into Go struct field DeploymentSpec.spec.replicas of type int32",
        ),
    ] {
        let mut read = object.clone();
        assert_eq!(decode(kind, &mut read).unwrap_err(), error, "{object}");
    }
}

#[test]
fn what_is_empty_is_written_as_go_writes_it() {
    for (kind, object, written) in [
        (
            "ConfigMap",
            json!({"metadata": {"labels": {}, "name": "b"}, "data": {"a": null}, "immutable": false}),
            json!({"metadata": {"name": "b"}, "data": {"a": ""}, "immutable": false}),
        ),
        (
            "Role",
            json!({"metadata": {"name": "a"}, "rules": []}),
            json!({"metadata": {"name": "a"}, "rules": null}),
        ),
        (
            "Lease",
            json!({"spec": {"acquireTime": "2026-01-01T02:00:00.100000+02:00", "renewTime": null}}),
            json!({"metadata": {}, "spec": {"acquireTime": "2026-01-01T00:00:00.100000Z"}}),
        ),
        (
            "Event",
            json!({"count": 0, "source": {}}),
            json!({
                "metadata": {}, "involvedObject": {}, "source": {}, "firstTimestamp": null, "lastTimestamp": null,
                "eventTime": null, "reportingComponent": "", "reportingInstance": "",
            }),
        ),
    ] {
        let mut read = object.clone();
        decode(kind, &mut read).unwrap();
        assert_eq!(read, written);
        decode(kind, &mut read).unwrap();
        assert_eq!(read, written, "the second time");
    }
}
