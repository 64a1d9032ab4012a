package gateway

import (
	"context"
	"encoding/json"
	"fmt"
	"sort"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/dynamic/dynamicinformer"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/cache"
)

// watch holds what the API server has. Custom resources join when their definition is there, in the first version of
// those listed that is served.
type watch struct {
	client    kubernetes.Interface
	resources dynamic.Interface
	core      informers.SharedInformerFactory
	changed   chan struct{} // something has, since the last receipt

	mu     sync.Mutex
	custom map[string]found // by resource
}

type found struct {
	resource schema.GroupVersionResource
	informer cache.SharedIndexInformer
}

var customResources = []struct {
	group    string
	versions []string
	resource string
}{
	{gatewayGroup, []string{"v1", "v1beta1"}, "gatewayclasses"},
	{gatewayGroup, []string{"v1", "v1beta1"}, "gateways"},
	{gatewayGroup, []string{"v1", "v1beta1"}, "httproutes"},
	{gatewayGroup, []string{"v1", "v1beta1"}, "referencegrants"},
	{"networking.istio.io", []string{"v1", "v1beta1", "v1alpha3"}, "virtualservices"},
	{"networking.istio.io", []string{"v1", "v1beta1", "v1alpha3"}, "destinationrules"},
}

func newWatch(ctx context.Context, config *rest.Config) (*watch, error) {
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return nil, err
	}
	resources, err := dynamic.NewForConfig(config)
	if err != nil {
		return nil, err
	}
	if _, err := client.Discovery().ServerVersion(); err != nil {
		return nil, fmt.Errorf("the API server at %s does not answer (%w)", config.Host, err)
	}
	return &watch{client: client, resources: resources, changed: make(chan struct{}, 1), custom: map[string]found{},
		core: informers.NewSharedInformerFactoryWithOptions(client, 0, informers.WithTransform(slim))}, nil
}

// slim leaves out what no route follows from.
func slim(object any) (any, error) {
	if pod, is := object.(*corev1.Pod); is {
		pod.ManagedFields = nil
		for i := range pod.Spec.Containers {
			pod.Spec.Containers[i].Env = nil
		}
	}
	return object, nil
}

func (w *watch) start(ctx context.Context) error {
	for _, informer := range []cache.SharedIndexInformer{
		w.core.Core().V1().Services().Informer(), w.core.Core().V1().Pods().Informer(), w.core.Core().V1().Namespaces().Informer()} {
		if _, err := informer.AddEventHandler(w); err != nil {
			return err
		}
	}
	w.core.Start(ctx.Done())
	w.discover(ctx)
	syncing, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	for kind, synced := range w.core.WaitForCacheSync(syncing.Done()) {
		if !synced {
			return fmt.Errorf("the API server does not list %v; has the kubeconfig's user the right to?", kind)
		}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	for name, f := range w.custom {
		if !cache.WaitForCacheSync(syncing.Done(), f.informer.HasSynced) {
			return fmt.Errorf("the API server does not list %s; has the kubeconfig's user the right to?", name)
		}
	}
	go func() {
		for len(w.custom) < len(customResources) {
			select {
			case <-ctx.Done():
				return
			case <-time.After(time.Second):
				w.discover(ctx)
			}
		}
	}()
	return nil
}

func (w *watch) discover(ctx context.Context) {
	for _, custom := range customResources {
		if _, known := w.custom[custom.resource]; known {
			continue
		}
		for _, version := range custom.versions {
			resource := schema.GroupVersionResource{Group: custom.group, Version: version, Resource: custom.resource}
			served, err := w.client.Discovery().ServerResourcesForGroupVersion(resource.GroupVersion().String())
			if err != nil {
				continue
			}
			for _, one := range served.APIResources {
				if one.Name == custom.resource {
					w.follow(ctx, resource)
				}
			}
			if _, known := w.custom[custom.resource]; known {
				break
			}
		}
	}
}

func (w *watch) follow(ctx context.Context, resource schema.GroupVersionResource) {
	informer := dynamicinformer.NewFilteredDynamicInformer(w.resources, resource, "", 0, cache.Indexers{}, nil).Informer()
	if _, err := informer.AddEventHandler(w); err != nil {
		say("%s: %v", resource, err)
		return
	}
	go informer.Run(ctx.Done())
	w.mu.Lock()
	w.custom[resource.Resource] = found{resource, informer}
	w.mu.Unlock()
}

func (w *watch) OnAdd(any, bool)   { w.wake() }
func (w *watch) OnUpdate(any, any) { w.wake() }
func (w *watch) OnDelete(any)      { w.wake() }

func (w *watch) wake() {
	select {
	case w.changed <- struct{}{}:
	default:
	}
}

// world is what is known now. An object that can't be read is left out, and said.
func (w *watch) world() World {
	var world World
	world.Services, _ = w.core.Core().V1().Services().Lister().List(labels.Everything())
	world.Pods, _ = w.core.Core().V1().Pods().Lister().List(labels.Everything())
	world.Namespaces, _ = w.core.Core().V1().Namespaces().Lister().List(labels.Everything())
	sort.Slice(world.Services, func(i, j int) bool { return older(world.Services[i].ObjectMeta, world.Services[j].ObjectMeta) })
	world.Classes = all[GatewayClass](w, "gatewayclasses")
	world.Gateways = all[Gateway](w, "gateways")
	world.Routes = all[HTTPRoute](w, "httproutes")
	world.Grants = all[ReferenceGrant](w, "referencegrants")
	world.VirtualServices = all[VirtualService](w, "virtualservices")
	world.DestinationRules = all[DestinationRule](w, "destinationrules")
	sort.Slice(world.DestinationRules, func(i, j int) bool {
		return older(world.DestinationRules[i].ObjectMeta, world.DestinationRules[j].ObjectMeta)
	})
	return world
}

func all[T any](w *watch, resource string) []T {
	w.mu.Lock()
	f, known := w.custom[resource]
	w.mu.Unlock()
	if !known {
		return nil
	}
	var list []T
	for _, object := range f.informer.GetStore().List() {
		whole := object.(*unstructured.Unstructured)
		var one T
		body, err := json.Marshal(whole.Object)
		if err == nil {
			err = json.Unmarshal(body, &one)
		}
		if err != nil {
			say("%s %s/%s can't be read (%v); the others go on", resource, whole.GetNamespace(), whole.GetName(), err)
			continue
		}
		list = append(list, one)
	}
	return list
}
