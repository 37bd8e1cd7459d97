// A client-go informer under test. It keeps a store of one resource, prints the loopback address it listens
// on, and answers each connection with the store as JSON: whether it is synced, and every object by name.
// The environment variable KUBE_FEATURE_WatchListClient=true|false selects how it fills the store.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"net"
	"sort"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/dynamic/dynamicinformer"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/metadata"
	"k8s.io/client-go/metadata/metadatainformer"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/tools/clientcmd"
)

func main() {
	kubeconfig := flag.String("kubeconfig", "", "file with the cluster and the user")
	group := flag.String("group", "", "API group")
	version := flag.String("version", "", "API version")
	resource := flag.String("resource", "", "plural resource name")
	client := flag.String("client", "dynamic", "dynamic, metadata or typed")
	flag.Parse()

	gvr := schema.GroupVersionResource{Group: *group, Version: *version, Resource: *resource}
	informer := newInformer(*kubeconfig, *client, gvr)
	go informer.Run(make(chan struct{}))

	listener, err := net.Listen("tcp", "127.0.0.1:0")
	must(err)
	fmt.Println(listener.Addr())
	for {
		connection, err := listener.Accept()
		must(err)
		_ = json.NewEncoder(connection).Encode(snapshot(informer))
		_ = connection.Close()
	}
}

func newInformer(kubeconfig, client string, gvr schema.GroupVersionResource) cache.SharedIndexInformer {
	config, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	must(err)
	switch client {
	case "dynamic":
		dynamicClient, err := dynamic.NewForConfig(config)
		must(err)
		return dynamicinformer.NewFilteredDynamicInformer(dynamicClient, gvr, "", 0, nil, nil).Informer()
	case "metadata":
		metadataClient, err := metadata.NewForConfig(config)
		must(err)
		return metadatainformer.NewFilteredMetadataInformer(metadataClient, gvr, "", 0, nil, nil).Informer()
	}
	if client == "typed" {
		// As kubectl and controllers of built-in kinds speak: protobuf where the server can, else JSON.
		config.ContentType = runtime.ContentTypeProtobuf
		config.AcceptContentTypes = runtime.ContentTypeProtobuf + "," + runtime.ContentTypeJSON
		typed, err := kubernetes.NewForConfig(config)
		must(err)
		informer, err := informers.NewSharedInformerFactory(typed, 0).ForResource(gvr)
		must(err)
		return informer.Informer()
	}
	panic("unknown -client " + client)
}

type answer struct {
	Synced bool          `json:"synced"`
	Items  []interface{} `json:"items"`
}

func snapshot(informer cache.SharedIndexInformer) answer {
	items := informer.GetStore().List()
	name := func(i int) string { return items[i].(metav1.Object).GetName() }
	sort.Slice(items, func(i, j int) bool { return name(i) < name(j) })
	return answer{Synced: informer.HasSynced(), Items: items}
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}
