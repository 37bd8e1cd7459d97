// Prints how Go reads and writes the built-in kinds: one block per struct, one line per field.
//
// src/controlplane/kinds/shapes.txt is its output; `make generate-kubernetes` writes it.
package main

import (
	"fmt"
	"reflect"
	"sort"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	authenticationv1 "k8s.io/api/authentication/v1"
	authorizationv1 "k8s.io/api/authorization/v1"
	autoscalingv1 "k8s.io/api/autoscaling/v1"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
)

var roots = []any{
	appsv1.Deployment{}, appsv1.StatefulSet{},
	authenticationv1.TokenRequest{}, authenticationv1.TokenReview{}, authenticationv1.SelfSubjectReview{},
	authorizationv1.LocalSubjectAccessReview{}, authorizationv1.SelfSubjectAccessReview{},
	authorizationv1.SelfSubjectRulesReview{}, authorizationv1.SubjectAccessReview{},
	autoscalingv1.Scale{}, coordinationv1.Lease{},
	corev1.ConfigMap{}, corev1.Event{}, corev1.Namespace{}, corev1.Secret{}, corev1.Service{}, corev1.ServiceAccount{},
	rbacv1.ClusterRole{}, rbacv1.ClusterRoleBinding{}, rbacv1.Role{}, rbacv1.RoleBinding{},
}

// What writes its own JSON.
var scalars = map[string]string{
	"resource.Quantity": "quantity", "v1.Time": "time", "v1.MicroTime": "microtime",
	"intstr.IntOrString": "intstr", "v1.FieldsV1": "raw", "runtime.RawExtension": "raw",
}

var structs = map[string][]string{}

// Where each of them is from: their names alone must do.
var packages = map[string]string{}

// shape writes a type: `*T` a pointer, `[]T` a list, `{}T` a map (with the name of its type), `=name` another block, or a scalar.
func shape(t reflect.Type) string {
	if scalar, known := scalars[t.String()]; known {
		return scalar
	}
	switch t.Kind() {
	case reflect.Pointer:
		return "*" + shape(t.Elem())
	case reflect.Slice:
		if t.Elem().Kind() == reflect.Uint8 {
			return "bytes"
		}
		return "[]" + shape(t.Elem())
	case reflect.Map:
		if t.PkgPath() != "" {
			return "{" + t.String() + "}" + shape(t.Elem())
		}
		return "{}" + shape(t.Elem())
	case reflect.Struct:
		block(t)
		return "=" + t.String()
	case reflect.String, reflect.Bool, reflect.Int32, reflect.Int64:
		// Named strings are kept apart: errors name the type.
		if t.PkgPath() != "" {
			return t.Kind().String() + ":" + t.String()
		}
		return t.Kind().String()
	}
	panic("no shape for " + t.String())
}

func fields(t reflect.Type) (lines []string) {
	for field := range t.NumField() {
		name, options, _ := strings.Cut(t.Field(field).Tag.Get("json"), ",")
		if name == "" && t.Field(field).Anonymous {
			if embedded := t.Field(field).Type; embedded.Name() != "TypeMeta" {
				for _, line := range fields(embedded) {
					lines = append(lines, line+" in:"+embedded.Name())
				}
			}
			continue
		}
		line := name + " " + shape(t.Field(field).Type)
		if strings.Contains(options, "omitempty") {
			line += " omitempty"
		}
		if strings.Contains(options, "omitzero") {
			line += " omitzero"
		}
		lines = append(lines, line)
	}
	return lines
}

func block(t reflect.Type) {
	if package_, done := packages[t.String()]; done {
		if package_ != t.PkgPath() {
			panic("two types are called " + t.String())
		}
		return
	}
	packages[t.String()] = t.PkgPath()
	structs[t.String()] = fields(t)
}

func main() {
	for _, root := range roots {
		block(reflect.TypeOf(root))
	}
	names := make([]string, 0, len(structs))
	for name := range structs {
		names = append(names, name)
	}
	sort.Strings(names)
	fmt.Println("# Made by `make generate-kubernetes` from Kubernetes' Go types: a struct, then its fields as JSON knows them.")
	for _, name := range names {
		fmt.Printf("%s\n", name)
		for _, line := range structs[name] {
			fmt.Printf("  %s\n", line)
		}
	}
}
