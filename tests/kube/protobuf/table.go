package main

import (
	"fmt"
	"io"
	"reflect"
	"slices"
	"sort"
	"strconv"
	"strings"

	authenticationv1 "k8s.io/api/authentication/v1"
	authorizationv1 "k8s.io/api/authorization/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// Types whose JSON is not that of their fields. The decoder knows them by these names.
var special = map[reflect.Type]string{
	reflect.TypeFor[metav1.Time]():                                  "Time",
	reflect.TypeFor[metav1.MicroTime]():                             "MicroTime",
	reflect.TypeFor[resource.Quantity]():                            "Quantity",
	reflect.TypeFor[intstr.IntOrString]():                           "IntOrString",
	reflect.TypeFor[metav1.FieldsV1]():                              "JSON",
	reflect.TypeFor[runtime.RawExtension]():                         "JSON",
	reflect.TypeFor[apiextensionsv1.JSON]():                         "JSON",
	reflect.TypeFor[authenticationv1.ExtraValue]():                  "Strings",
	reflect.TypeFor[authorizationv1.ExtraValue]():                   "Strings",
	reflect.TypeFor[apiextensionsv1.JSONSchemaPropsOrBool]():        "JSONSchemaPropsOrBool",
	reflect.TypeFor[apiextensionsv1.JSONSchemaPropsOrArray]():       "JSONSchemaPropsOrArray",
	reflect.TypeFor[apiextensionsv1.JSONSchemaPropsOrStringArray](): "JSONSchemaPropsOrStringArray",
}

// A line per field: number, Go name, JSON name (- if its fields stand where it stands), type, properties.
func writeTable(out io.Writer) {
	fmt.Fprintln(out, "# Made by `make generate-kubernetes` from Kubernetes' Go types: what a request body may contain.")
	fmt.Fprintln(out, "# kind <group version> <kind> <message>; message <name>, then its fields:")
	fmt.Fprintln(out, "# <number> <Go name> <JSON name, - if inlined> <type> <properties>")
	messages := map[string][]string{}
	for _, body := range bodies {
		kind := reflect.TypeOf(body.object).Elem()
		fmt.Fprintf(out, "kind %s %s %s\n", body.group, kind.Name(), name(kind))
		describe(kind, messages)
	}
	for _, name := range slices.Sorted(mapKeys(messages)) {
		fmt.Fprintf(out, "message %s\n", name)
		for _, field := range messages[name] {
			fmt.Fprintln(out, field)
		}
	}
}

func mapKeys(messages map[string][]string) func(func(string) bool) {
	return func(yield func(string) bool) {
		for name := range messages {
			if !yield(name) {
				return
			}
		}
	}
}

// `apps/v1.Deployment`
func name(kind reflect.Type) string {
	path := strings.Split(kind.PkgPath(), "/")
	return strings.Join(path[len(path)-2:], "/") + "." + kind.Name()
}

func describe(kind reflect.Type, messages map[string][]string) {
	if _, known := messages[name(kind)]; known {
		return
	}
	messages[name(kind)] = nil
	type line struct {
		number int
		text   string
	}
	var lines []line
	for i := range kind.NumField() {
		field := kind.Field(i)
		tag, ok := field.Tag.Lookup("protobuf")
		if !ok {
			if field.Type != reflect.TypeFor[metav1.TypeMeta]() {
				panic(fmt.Sprintf("%s.%s has no protobuf tag", name(kind), field.Name))
			}
			continue
		}
		number, err := strconv.Atoi(strings.Split(tag, ",")[1])
		must(err)
		lines = append(lines, line{number, strconv.Itoa(number) + " " + describeField(field, messages)})
	}
	sort.Slice(lines, func(i, j int) bool { return lines[i].number < lines[j].number })
	for _, line := range lines {
		messages[name(kind)] = append(messages[name(kind)], line.text)
	}
}

func describeField(field reflect.StructField, messages map[string][]string) string {
	words := strings.Split(field.Tag.Get("json"), ",")
	jsonName, options := words[0], words[1:]
	var properties []string
	kind := field.Type
	switch {
	case kind.Kind() == reflect.Pointer:
		kind, properties = kind.Elem(), append(properties, "pointer")
	case special[kind] != "":
	case kind.Kind() == reflect.Slice && kind.Elem().Kind() != reflect.Uint8:
		kind, properties = kind.Elem(), append(properties, "repeated")
	case kind.Kind() == reflect.Map:
		if kind.Key().Kind() != reflect.String {
			panic("a map by " + kind.Key().String())
		}
		kind, properties = kind.Elem(), append(properties, "map")
	}
	for _, option := range options {
		switch option {
		case "inline":
		case "omitempty", "omitzero":
			properties = append(properties, option)
		default:
			panic("unknown JSON option " + option)
		}
	}
	if jsonName == "" {
		if !field.Anonymous || len(properties) > 0 {
			panic("no JSON name: " + field.Name)
		}
		jsonName = "-"
	}
	line := field.Name + " " + jsonName + " " + typeName(kind, messages) + " " + strings.Join(properties, " ")
	return strings.TrimSpace(line)
}

func typeName(kind reflect.Type, messages map[string][]string) string {
	if name, ok := special[kind]; ok {
		if strings.HasPrefix(name, "JSONSchemaProps") {
			describe(reflect.TypeFor[apiextensionsv1.JSONSchemaProps](), messages)
		}
		return name
	}
	switch kind.Kind() {
	case reflect.String, reflect.Bool, reflect.Int32, reflect.Int64, reflect.Float64:
		return kind.Kind().String()
	case reflect.Slice:
		if kind.Elem().Kind() == reflect.Uint8 {
			return "bytes"
		}
	case reflect.Struct:
		describe(kind, messages)
		return name(kind)
	}
	panic("no protobuf type for " + kind.String())
}
