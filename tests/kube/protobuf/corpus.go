package main

import (
	"bytes"
	"encoding/json"
	"io"
	"reflect"

	appsv1 "k8s.io/api/apps/v1"
	authenticationv1 "k8s.io/api/authentication/v1"
	authorizationv1 "k8s.io/api/authorization/v1"
	autoscalingv1 "k8s.io/api/autoscaling/v1"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer/protobuf"
)

// How full the objects of each kind are: the share of optional things that is left out.
var fillings = []struct {
	seed      int64
	nilChance float64
}{{1, 0}, {2, 0.6}, {3, 0.9}}

func scheme() *runtime.Scheme {
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{
		appsv1.AddToScheme, authenticationv1.AddToScheme, authorizationv1.AddToScheme, autoscalingv1.AddToScheme,
		coordinationv1.AddToScheme, corev1.AddToScheme, rbacv1.AddToScheme, apiextensionsv1.AddToScheme,
	} {
		must(add(scheme))
	}
	metav1.AddToGroupVersion(scheme, metav1.SchemeGroupVersion)
	return scheme
}

// A line per body: its bytes in base64, and the JSON of what Kubernetes decodes it to.
func writeCorpus(out io.Writer) {
	scheme := scheme()
	serializer := protobuf.NewSerializer(scheme, scheme)
	lines := json.NewEncoder(out)
	write := func(object runtime.Object) {
		var body bytes.Buffer
		must(serializer.Encode(object, &body))
		decoded, _, err := serializer.Decode(body.Bytes(), nil, nil)
		must(err)
		must(lines.Encode(map[string]any{"body": body.Bytes(), "object": decoded}))
	}
	for _, body := range bodies {
		kind := reflect.TypeOf(body.object).Elem()
		empty := func() runtime.Object {
			object := reflect.New(kind).Interface().(runtime.Object)
			object.GetObjectKind().SetGroupVersionKind(body.group.WithKind(kind.Name()))
			return object
		}
		write(empty())
		for _, filling := range fillings {
			object := empty()
			filler(filling.seed, filling.nilChance).Fill(object)
			object.GetObjectKind().SetGroupVersionKind(body.group.WithKind(kind.Name()))
			write(object)
		}
	}
	// A typed client names the group version of what it deletes.
	seconds, policy := int64(0), metav1.DeletePropagationForeground
	options := &metav1.DeleteOptions{GracePeriodSeconds: &seconds, PropagationPolicy: &policy}
	options.SetGroupVersionKind(appsv1.SchemeGroupVersion.WithKind("DeleteOptions"))
	write(options)
}
