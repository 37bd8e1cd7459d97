package main

import (
	"strconv"
	"time"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/intstr"
	"sigs.k8s.io/randfill"
)

// Fills objects with short values, the same ones for the same seed.
func filler(seed int64, nilChance float64) *randfill.Filler {
	schemas := 0
	return randfill.NewWithSeed(seed).NilChance(nilChance).NumElements(1, 2).Funcs(
		func(*metav1.TypeMeta, randfill.Continue) {},
		func(text *string, c randfill.Continue) {
			*text = pick(c, "", "a", "ü", "s"+strconv.Itoa(c.Intn(1000)))
		},
		func(number *int32, c randfill.Continue) { *number = pick[int32](c, 0, 1, -1, 8080, 1<<31-1, -1<<31) },
		func(number *int64, c randfill.Continue) { *number = pick[int64](c, 0, 1, -1, 30, 1<<63-1, -1<<63) },
		func(number *float64, c randfill.Continue) { *number = pick[float64](c, 0, 1, -2, 0.5, 1e20, 1e-7) },
		func(raw *[]byte, c randfill.Continue) { *raw = pick(c, nil, []byte{}, []byte{0}, []byte("value\xff")) },
		func(at *metav1.Time, c randfill.Continue) { *at = metav1.Time{Time: instant(c)} },
		func(at *metav1.MicroTime, c randfill.Continue) { *at = metav1.MicroTime{Time: instant(c)} },
		func(quantity *resource.Quantity, c randfill.Continue) {
			*quantity = resource.MustParse(pick(c, "0", "1", "1000m", "250m", "1.5Gi", "128974848", "1e3", "-3"))
		},
		func(port *intstr.IntOrString, c randfill.Continue) {
			*port = pick(c, intstr.FromInt32(0), intstr.FromInt32(443), intstr.FromString("http"), intstr.FromString(""))
		},
		func(fields *metav1.FieldsV1, c randfill.Continue) {
			fields.SetRawBytes([]byte(pick(c, `{"f:spec":{".":{},"f:replicas":{}}}`, `{}`, "")))
		},
		func(extension *runtime.RawExtension, c randfill.Continue) { extension.Raw = anything(c) },
		func(value *apiextensionsv1.JSON, c randfill.Continue) { value.Raw = anything(c) },
		func(schema *apiextensionsv1.JSONSchemaProps, c randfill.Continue) {
			if schemas++; schemas <= 3 {
				c.FillNoCustom(schema)
			} else {
				c.Fill(&schema.Type)
				c.Fill(&schema.Maximum)
				c.Fill(&schema.Default)
			}
		},
	)
}

func pick[T any](c randfill.Continue, values ...T) T {
	return values[c.Intn(len(values))]
}

func instant(c randfill.Continue) time.Time {
	return pick(c, time.Time{}, time.Unix(0, 0), time.Unix(1700000000, 123456789), time.Unix(-1, 999))
}

func anything(c randfill.Continue) []byte {
	return []byte(pick(c, `null`, `"text"`, `{"a":[1,2.5,true]}`, `[]`, `0`))
}
