package main

import (
	"encoding/json"
	"errors"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/managedfields"
	"k8s.io/kube-openapi/pkg/validation/spec"
	"sigs.k8s.io/structured-merge-diff/v6/fieldpath"
)

var kind = schema.GroupVersionKind{Group: "x.io", Version: "v1", Kind: "Thing"}

const lastApplied = "kubectl.kubernetes.io/last-applied-configuration"

func texts() object {
	return object{"type": "object", "additionalProperties": object{"type": "string"}}
}

var metadata = object{"type": "object", "properties": object{
	"annotations": texts(), "labels": texts(), "managedFields": object{"type": "array", "items": object{"type": "object"}},
	"finalizers": object{"type": "array", "items": object{"type": "string"}, "x-kubernetes-list-type": "set"},
	"name":       object{"type": "string"}, "namespace": object{"type": "string"}, "uid": object{"type": "string"},
}}

// managedFieldsCases writes one object a few times.
func managedFieldsCases() []object {
	before := object{"type": "object", "properties": object{"spec": anySchema(3), "status": objectSchema(1)}}
	after := before
	if random.Intn(5) == 0 {
		after = copied(before).(object)
		atomicLater(after["properties"].(object))
	}
	var cases []object
	var live object
	steps := 2 + random.Intn(5)
	for step := range steps {
		schema := before
		if step > steps/2 {
			schema = after
		}
		done := write(schema, live)
		cases = append(cases, done)
		if result, ok := done["result"].(object); ok {
			live = stored(copied(result).(object), done["object"].(object))
		}
	}
	return cases
}

// stored is the object as the next write finds it; now and then somebody meddled with it.
func stored(live, sent object) object {
	meta, ok := live["metadata"].(object)
	if !ok {
		return nil
	}
	meta["uid"] = "1"
	switch random.Intn(12) {
	case 0:
		delete(meta, "managedFields")
	case 1:
		text, _ := json.Marshal(sent)
		meta["annotations"] = object{lastApplied: string(text)}
	}
	return live
}

func write(schema, live object) object {
	manager := []string{"a", "b", "kubectl", fmt.Sprintf("m%d", random.Intn(14))}[random.Intn(4)]
	subresource, reset := "", list{}
	if live != nil && random.Intn(4) == 0 {
		subresource, reset = "status", list{list{"metadata"}, list{"spec"}}
	} else if random.Intn(2) == 0 {
		reset = list{list{"status"}}
	}
	sent := sentObject(schema)
	force := random.Intn(2) == 0
	found := object{
		"schema": schema, "manager": manager, "subresource": subresource, "reset": reset, "force": force,
	}
	current := &unstructured.Unstructured{Object: object{}}
	current.SetGroupVersionKind(kind)
	if live != nil {
		found["live"] = copied(live)
		current.Object = copied(live).(object)
	}
	fields := fieldManager(schema, subresource, reset)
	if random.Intn(2) == 0 {
		found["apply"], found["object"] = true, copied(sent)
		done, err := fields.Apply(current, &unstructured.Unstructured{Object: sent}, manager, force)
		if err != nil {
			found["error"], found["code"] = err.Error(), 500
			if status := (*apierrors.StatusError)(nil); errors.As(err, &status) {
				found["code"] = status.ErrStatus.Code
			}
			return found
		}
		found["result"] = done.(*unstructured.Unstructured).Object
		return found
	}
	if live != nil {
		sent["metadata"].(object)["uid"] = "1"
		managers := list{list{}, list{object{}}, list{object{"manager": "a"}}, live["metadata"].(object)["managedFields"]}
		if which := random.Intn(12); which < len(managers) && managers[which] != nil {
			sent["metadata"].(object)["managedFields"] = copied(managers[which])
		}
	}
	found["apply"], found["object"] = false, copied(sent)
	done := fields.UpdateNoErrors(current, &unstructured.Unstructured{Object: sent}, manager)
	found["result"] = done.(*unstructured.Unstructured).Object
	return found
}

func sentObject(schema object) object {
	sent := objectOf(schema)
	meta := object{"name": "n", "namespace": "ns"}
	for _, field := range []string{"labels", "finalizers"} {
		if random.Intn(3) == 0 {
			meta[field] = valueOf(metadata["properties"].(object)[field].(object))
		}
	}
	sent["apiVersion"], sent["kind"], sent["metadata"] = kind.GroupVersion().String(), kind.Kind, meta
	return sent
}

func openAPI(schema object) *spec.Schema {
	text, err := json.Marshal(schema)
	if err != nil {
		panic(err)
	}
	out := &spec.Schema{}
	if err := json.Unmarshal(text, out); err != nil {
		panic(err)
	}
	return out
}

func fieldManager(schema object, subresource string, reset list) *managedfields.FieldManager {
	whole := copied(schema).(object)
	properties := whole["properties"].(object)
	properties["metadata"] = object{"$ref": "#/components/schemas/metadata"}
	properties["apiVersion"], properties["kind"] = object{"type": "string"}, object{"type": "string"}
	whole["x-kubernetes-group-version-kind"] = list{object{"group": kind.Group, "version": kind.Version, "kind": kind.Kind}}
	models := map[string]*spec.Schema{"thing": openAPI(whole), "metadata": openAPI(metadata)}
	types, err := managedfields.NewTypeConverter(models, false)
	if err != nil {
		panic(err)
	}
	unchanged := fieldpath.NewSet()
	for _, path := range reset {
		unchanged.Insert(fieldpath.MakePathOrDie(path.(list)...))
	}
	version := kind.GroupVersion()
	filters := map[fieldpath.APIVersion]fieldpath.Filter{
		fieldpath.APIVersion(version.String()): fieldpath.NewExcludeSetFilter(unchanged),
	}
	fields, err := managedfields.NewDefaultCRDFieldManager(types, same{}, same{}, same{}, kind, version, subresource, filters)
	if err != nil {
		panic(err)
	}
	return fields
}

// same converts and defaults nothing.
type same struct{}

func (same) Convert(in, out, context any) error { return nil }

func (same) ConvertToVersion(in runtime.Object, _ runtime.GroupVersioner) (runtime.Object, error) {
	return in, nil
}

func (same) ConvertFieldLabel(_ schema.GroupVersionKind, label, value string) (string, string, error) {
	return label, value, nil
}

func (same) Default(runtime.Object) {}

func (same) New(kind schema.GroupVersionKind) (runtime.Object, error) {
	out := &unstructured.Unstructured{Object: object{}}
	out.SetGroupVersionKind(kind)
	return out, nil
}
