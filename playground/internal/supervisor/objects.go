package supervisor

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/discovery/cached/memory"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/restmapper"
	"k8s.io/client-go/tools/clientcmd"
)

const fieldManager = "playground"

var crdResource = schema.GroupVersionResource{Group: "apiextensions.k8s.io", Version: "v1", Resource: "customresourcedefinitions"}

// prometheusService gives Prometheus the name that charts expect; the annotation tells the node's proxy where it is.
const prometheusService = `
apiVersion: v1
kind: Namespace
metadata: {name: monitoring}
---
apiVersion: v1
kind: Service
metadata:
  name: prometheus
  namespace: monitoring
  annotations: {playground/backend: "127.0.0.1:%d"}
spec:
  ports: [{name: http, port: 9090}]
`

// installObjects applies the CRDs that came with the build and what --crds named, and waits until the API server
// serves them.
func (p *playground) installObjects(ctx context.Context) error {
	config, err := clientcmd.BuildConfigFromFlags("", p.admin.file)
	if err != nil {
		return err
	}
	config.QPS, config.Burst = 500, 500
	config.WarningHandler = rest.NoWarnings{} // that a schema uses an unknown format is its authors' affair
	client, err := dynamic.NewForConfig(config)
	if err != nil {
		return err
	}
	objects, err := readObjects(append([]string{filepath.Join(p.tools, "crds")}, p.crds...))
	if err != nil {
		return err
	}
	if !p.minimal {
		more, err := decodeObjects([]byte(fmt.Sprintf(prometheusService, p.Ports["prometheus"])))
		if err != nil {
			return err
		}
		objects = append(objects, more...)
	}
	var crds, others []*unstructured.Unstructured
	for _, object := range objects {
		switch {
		case object.GetKind() != "CustomResourceDefinition":
			others = append(others, object)
		case !strings.HasSuffix(object.GetName(), ".istio.io") || strings.HasSuffix(object.GetName(), ".networking.istio.io"):
			crds = append(crds, object)
		}
	}
	if err := applyDefinitions(ctx, client, crds); err != nil {
		return err
	}
	if len(others) == 0 {
		return nil
	}
	found, err := discovery.NewDiscoveryClientForConfig(config)
	if err != nil {
		return err
	}
	mapper := restmapper.NewDeferredDiscoveryRESTMapper(memory.NewMemCacheClient(found))
	for _, object := range others {
		if err := applyAny(ctx, client, mapper, object); err != nil {
			return fmt.Errorf("%s %s/%s could not be applied: %w", object.GetKind(), object.GetNamespace(), object.GetName(), err)
		}
	}
	return nil
}

func applyDefinitions(ctx context.Context, client dynamic.Interface, crds []*unstructured.Unstructured) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(4)
	for _, crd := range crds {
		group.Go(func() error {
			options := metav1.ApplyOptions{FieldManager: fieldManager, Force: true}
			if _, err := client.Resource(crdResource).Apply(ctx, crd.GetName(), crd, options); err != nil {
				return fmt.Errorf("CustomResourceDefinition %s could not be applied: %w", crd.GetName(), err)
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	for _, crd := range crds {
		if err := established(ctx, client, crd.GetName()); err != nil {
			return err
		}
	}
	return nil
}

func established(ctx context.Context, client dynamic.Interface, name string) error {
	for deadline := time.Now().Add(30 * time.Second); ; {
		crd, err := client.Resource(crdResource).Get(context.WithoutCancel(ctx), name, metav1.GetOptions{})
		if err != nil {
			return err
		}
		conditions, _, _ := unstructured.NestedSlice(crd.Object, "status", "conditions")
		for _, condition := range conditions {
			if c, ok := condition.(map[string]any); ok && c["type"] == "Established" && c["status"] == "True" {
				return nil
			}
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("CustomResourceDefinition %s is not served after 30 s: %v", name, conditions)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

func applyAny(ctx context.Context, client dynamic.Interface, mapper *restmapper.DeferredDiscoveryRESTMapper, object *unstructured.Unstructured) error {
	kind := object.GroupVersionKind()
	mapping, err := mapper.RESTMapping(kind.GroupKind(), kind.Version)
	if err != nil {
		return err
	}
	var resource dynamic.ResourceInterface = client.Resource(mapping.Resource)
	if mapping.Scope.Name() == meta.RESTScopeNameNamespace {
		namespace := object.GetNamespace()
		if namespace == "" {
			namespace = "default"
		}
		resource = client.Resource(mapping.Resource).Namespace(namespace)
	}
	for try := 0; ; try++ {
		_, err = resource.Apply(ctx, object.GetName(), object, metav1.ApplyOptions{FieldManager: fieldManager, Force: true})
		// The API server makes the namespace `default` a moment after it is ready.
		if err == nil || try == 20 || !(apierrors.IsNotFound(err) || apierrors.IsForbidden(err)) {
			return err
		}
		time.Sleep(100 * time.Millisecond)
	}
}

// readObjects reads every .yaml, .yml and .json file in the folders, in the order of their names.
func readObjects(paths []string) ([]*unstructured.Unstructured, error) {
	var objects []*unstructured.Unstructured
	for _, path := range paths {
		var files []string
		err := filepath.WalkDir(path, func(file string, entry os.DirEntry, err error) error {
			if err == nil && !entry.IsDir() && strings.Contains(".yaml.yml.json", filepath.Ext(file)) && filepath.Ext(file) != "" {
				files = append(files, file)
			}
			return err
		})
		if err != nil {
			return nil, fmt.Errorf("--crds %s can't be read: %w", path, err)
		}
		sort.Strings(files)
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				return nil, err
			}
			read, err := decodeObjects(text)
			if err != nil {
				return nil, fmt.Errorf("%s can't be read: %w", file, err)
			}
			objects = append(objects, read...)
		}
	}
	return objects, nil
}

func decodeObjects(text []byte) ([]*unstructured.Unstructured, error) {
	decoder := utilyaml.NewYAMLOrJSONDecoder(bytes.NewReader(text), 4096)
	var objects []*unstructured.Unstructured
	for {
		object := &unstructured.Unstructured{}
		err := decoder.Decode(&object.Object)
		if errors.Is(err, io.EOF) {
			return objects, nil
		}
		if err != nil {
			return nil, err
		}
		// A kustomization beside the CRDs is no object of the API server's.
		if object.GetKind() != "" && object.GetKind() != "Kustomization" {
			objects = append(objects, object)
		}
	}
}

func (p *playground) nodeIsReady(ctx context.Context, w *watch) error {
	config, err := clientcmd.BuildConfigFromFlags("", p.admin.file)
	if err != nil {
		return err
	}
	client, err := dynamic.NewForConfig(config)
	if err != nil {
		return err
	}
	nodes := client.Resource(schema.GroupVersionResource{Version: "v1", Resource: "nodes"})
	return within(ctx, w, "node", func() bool {
		node, err := nodes.Get(ctx, "playground", metav1.GetOptions{})
		if err != nil {
			return false
		}
		taints, _, _ := unstructured.NestedSlice(node.Object, "spec", "taints")
		return len(taints) == 0
	})
}
