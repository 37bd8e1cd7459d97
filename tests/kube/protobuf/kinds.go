package main

import (
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
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// What a request to `tmc dev` may have as its body.
var bodies = []struct {
	group  schema.GroupVersion
	object runtime.Object
}{
	{corev1.SchemeGroupVersion, &corev1.ConfigMap{}},
	{corev1.SchemeGroupVersion, &corev1.Event{}},
	{corev1.SchemeGroupVersion, &corev1.Namespace{}},
	{corev1.SchemeGroupVersion, &corev1.Secret{}},
	{corev1.SchemeGroupVersion, &corev1.Service{}},
	{corev1.SchemeGroupVersion, &corev1.ServiceAccount{}},
	{apiextensionsv1.SchemeGroupVersion, &apiextensionsv1.CustomResourceDefinition{}},
	{appsv1.SchemeGroupVersion, &appsv1.Deployment{}},
	{appsv1.SchemeGroupVersion, &appsv1.StatefulSet{}},
	{authenticationv1.SchemeGroupVersion, &authenticationv1.SelfSubjectReview{}},
	{authenticationv1.SchemeGroupVersion, &authenticationv1.TokenRequest{}},
	{authenticationv1.SchemeGroupVersion, &authenticationv1.TokenReview{}},
	{authorizationv1.SchemeGroupVersion, &authorizationv1.LocalSubjectAccessReview{}},
	{authorizationv1.SchemeGroupVersion, &authorizationv1.SelfSubjectAccessReview{}},
	{authorizationv1.SchemeGroupVersion, &authorizationv1.SelfSubjectRulesReview{}},
	{authorizationv1.SchemeGroupVersion, &authorizationv1.SubjectAccessReview{}},
	{autoscalingv1.SchemeGroupVersion, &autoscalingv1.Scale{}},
	{coordinationv1.SchemeGroupVersion, &coordinationv1.Lease{}},
	{metav1.SchemeGroupVersion, &metav1.DeleteOptions{}},
	{rbacv1.SchemeGroupVersion, &rbacv1.ClusterRole{}},
	{rbacv1.SchemeGroupVersion, &rbacv1.ClusterRoleBinding{}},
	{rbacv1.SchemeGroupVersion, &rbacv1.Role{}},
	{rbacv1.SchemeGroupVersion, &rbacv1.RoleBinding{}},
}
