package main

import (
	"encoding/json"
	"os"

	appsv1 "k8s.io/api/apps/v1"
	"k8s.io/apimachinery/pkg/util/strategicpatch"
)

// How often a patch is tried: what comes out differently depends on the order of a Go map.
const tries = 8

var deployment object

// strategicCases patches a Deployment, whose schema is beside the recorded cases.
func strategicCases() []object {
	if deployment == nil {
		text, err := os.ReadFile("../../golden/deployment.json")
		if err != nil {
			panic(err)
		}
		if err := json.Unmarshal(text, &deployment); err != nil {
			panic(err)
		}
	}
	original, patch := objectOf(deployment), objectOf(deployment)
	direct(deployment, patch)
	found := object{"original": original, "patch": patch}
	outcome := patched(original, patch)
	for range tries {
		if outcome == "" || patched(original, patch) != outcome {
			return nil
		}
	}
	if outcome[0] == '{' {
		found["result"] = json.RawMessage(outcome)
	} else {
		found["error"] = outcome
	}
	return []object{found}
}

// patched is the patched object, or why there is none; nothing where the patch makes upstream panic.
func patched(original, patch object) (outcome string) {
	defer func() {
		if recover() != nil {
			outcome = ""
		}
	}()
	out, err := strategicpatch.StrategicMergeMapPatch(copied(original).(object), copied(patch).(object), appsv1.Deployment{})
	if err != nil {
		return err.Error()
	}
	text, err := json.Marshal(out)
	if err != nil {
		panic(err)
	}
	return string(text)
}

// direct strews directives over a patch.
func direct(schema, patch object) {
	properties, _ := schema["properties"].(object)
	for _, name := range sortedKeys(patch) {
		field, _ := properties[name].(object)
		switch value := patch[name].(type) {
		case object:
			direct(field, value)
		case list:
			directList(field, patch, name, value)
		}
		if random.Intn(15) == 0 {
			patch[name] = nil
		}
	}
	switch random.Intn(25) {
	case 0:
		patch["$patch"] = []string{"replace", "delete", "merge"}[random.Intn(3)]
	case 1:
		kept := list{}
		for _, name := range sortedKeys(patch) {
			if name[0] != '$' && random.Intn(10) != 0 {
				kept = append(kept, name)
			}
		}
		patch["$retainKeys"] = kept
	}
}

func directList(schema, patch object, name string, value list) {
	if schema["items"] == nil {
		return // a list where none belongs
	}
	key, _ := schema["x-kubernetes-patch-merge-key"].(string)
	order := list{}
	for _, item := range append(listOf(schema), value...) {
		if fields, ok := item.(object); ok && key != "" {
			order = append(order, object{key: fields[key]})
			direct(schema["items"].(object), fields)
			if random.Intn(6) == 0 {
				fields["$patch"] = []string{"delete", "replace", "merge"}[random.Intn(3)]
			}
			continue
		}
		order = append(order, item)
	}
	if random.Intn(3) == 0 {
		patch["$setElementOrder/"+name] = order
	}
	if key == "" && random.Intn(4) == 0 {
		patch["$deleteFromPrimitiveList/"+name] = listOf(schema)
		if random.Intn(2) == 0 {
			delete(patch, name)
		}
	}
}
