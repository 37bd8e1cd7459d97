package main

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
)

type object = map[string]any
type list = []any

func sortedKeys(m object) []string {
	keys := make([]string, 0, len(m))
	for key := range m {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}

func copied(value any) any {
	text, err := json.Marshal(value)
	if err != nil {
		panic(err)
	}
	var out any
	if err := json.Unmarshal(text, &out); err != nil {
		panic(err)
	}
	return integers(out)
}

// integers makes whole numbers what the server makes of them.
func integers(value any) any {
	switch value := value.(type) {
	case float64:
		if value == float64(int64(value)) {
			return int64(value)
		}
	case object:
		for key := range value {
			value[key] = integers(value[key])
		}
	case list:
		for index := range value {
			value[index] = integers(value[index])
		}
	}
	return value
}

func letter(first rune, count int) string {
	return string(first + rune(random.Intn(count)))
}

// anySchema is a schema of any kind, nested at most depth times.
func anySchema(depth int) object {
	kinds := 15
	if depth <= 0 {
		kinds = 4
	}
	switch random.Intn(kinds) {
	case 0:
		return object{"type": "string"}
	case 1:
		return object{"type": "integer"}
	case 2:
		return object{"type": "boolean"}
	case 3:
		return object{"x-kubernetes-int-or-string": true}
	case 4:
		return object{"type": "object", "additionalProperties": anySchema(depth - 1)}
	case 5:
		return object{"type": "array", "items": anySchema(depth - 1)}
	case 6:
		return object{"type": "array", "items": object{"type": "string"}, "x-kubernetes-list-type": "set"}
	case 7, 8:
		return mapListSchema(depth)
	case 9:
		schema := objectSchema(depth)
		schema["x-kubernetes-map-type"] = "atomic"
		return schema
	case 10:
		schema := objectSchema(depth)
		schema["x-kubernetes-preserve-unknown-fields"] = true
		return schema
	case 11:
		return object{"x-kubernetes-preserve-unknown-fields": true}
	default:
		return objectSchema(depth)
	}
}

func objectSchema(depth int) object {
	properties := object{}
	for range 1 + random.Intn(3) {
		properties[letter('a', 6)] = anySchema(depth - 1)
	}
	return object{"type": "object", "properties": properties}
}

func mapListSchema(depth int) object {
	items := objectSchema(depth)
	properties, keys := items["properties"].(object), list{"name"}
	properties["name"] = object{"type": "string"}
	if random.Intn(3) == 0 {
		properties["proto"] = object{"type": "string", "default": "TCP"}
		keys = append(keys, "proto")
	}
	return object{
		"type": "array", "items": items,
		"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": keys,
	}
}

// atomicLater makes some of the schema's parts atomic, as a later version of it might.
func atomicLater(schema object) {
	for _, name := range sortedKeys(schema) {
		switch part := schema[name].(type) {
		case object:
			atomicLater(part)
		}
	}
	if _, ok := schema["items"]; ok && random.Intn(3) == 0 {
		schema["x-kubernetes-list-type"] = "atomic"
		delete(schema, "x-kubernetes-list-map-keys")
	} else if schema["type"] == "object" && random.Intn(4) == 0 {
		schema["x-kubernetes-map-type"] = "atomic"
	}
}

// valueOf mostly fits the schema.
func valueOf(schema object) any {
	if random.Intn(120) == 0 {
		return list{nil, "x", int64(3), list{"y"}, object{}, list{}}[random.Intn(6)]
	}
	if schema["x-kubernetes-int-or-string"] == true {
		return list{int64(random.Intn(3)), strconv.Itoa(random.Intn(3))}[random.Intn(2)]
	}
	switch schema["type"] {
	case "string":
		return list{"u", "v", "w", "a<b"}[random.Intn(4)]
	case "integer":
		return int64(80 + random.Intn(3))
	case "boolean":
		return random.Intn(2) == 0
	case "array":
		return listOf(schema)
	case "object":
		return objectOf(schema)
	}
	return []any{"t", int64(1), 1.5, list{"t"}, object{letter('p', 3): "t"}, object{}}[random.Intn(6)]
}

func objectOf(schema object) object {
	out := object{}
	properties, _ := schema["properties"].(object)
	for _, name := range sortedKeys(properties) {
		if random.Intn(2) == 0 {
			out[name] = valueOf(properties[name].(object))
		}
	}
	if more, ok := schema["additionalProperties"].(object); ok {
		for range random.Intn(4) {
			out[letter('p', 4)] = valueOf(more)
		}
	}
	if schema["x-kubernetes-preserve-unknown-fields"] == true || random.Intn(250) == 0 {
		out[letter('p', 4)] = "unknown"
	}
	return out
}

// listOf seldom has the same item twice where it must not.
func listOf(schema object) list {
	items, keys := schema["items"].(object), keysOf(schema)
	out, seen := list{}, map[string]bool{}
	for range random.Intn(4) {
		item := valueOf(items)
		identity := fmt.Sprint(item)
		if fields, ok := item.(object); ok && len(keys) > 0 {
			identity = ""
			for _, key := range keys {
				of := items["properties"].(object)[key].(object)
				if fields[key] == nil && of["default"] == nil && random.Intn(30) != 0 {
					fields[key] = valueOf(object{"type": of["type"]})
				}
				identity += fmt.Sprint(fields[key]) + "/"
			}
		}
		unique := schema["x-kubernetes-list-type"] != nil || len(keys) > 0
		if unique && seen[identity] && random.Intn(20) != 0 {
			continue
		}
		seen[identity] = true
		out = append(out, item)
	}
	return out
}

func keysOf(schema object) []string {
	var keys []string
	if key, ok := schema["x-kubernetes-patch-merge-key"].(string); ok {
		return []string{key}
	}
	named, _ := schema["x-kubernetes-list-map-keys"].(list)
	for _, key := range named {
		keys = append(keys, key.(string))
	}
	return keys
}
