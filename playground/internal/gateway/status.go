package gateway

import (
	"context"
	"encoding/json"
	"fmt"
	"reflect"
	"sync"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// statuses writes what came of the objects, on its own time: no route waits for a status.
type statuses struct {
	watch *watch
	wake  chan struct{}

	mu     sync.Mutex
	wanted []wanted
}

// wanted is the status of one object; set changes it and says whether anything changed.
type wanted struct {
	resource, namespace, name string
	generation                int64
	set                       func(object *unstructured.Unstructured) bool
}

func newStatuses(watch *watch) *statuses {
	return &statuses{watch: watch, wake: make(chan struct{}, 1)}
}

func (s *statuses) want(world World, config Config) {
	var list []wanted
	for _, class := range world.Classes {
		if class.Spec.ControllerName == controllerName {
			list = append(list, wanted{"gatewayclasses", "", class.Name, class.Generation, classStatus(class)})
		}
	}
	tab := &table{world: world}
	for _, gateway := range world.Gateways {
		if tab.ours(gateway) {
			list = append(list, wanted{"gateways", gateway.Namespace, gateway.Name, gateway.Generation, gatewayStatus(gateway, config)})
		}
	}
	for _, route := range world.Routes {
		verdict := config.Routes[route.Namespace+"/"+route.Name]
		list = append(list, wanted{"httproutes", route.Namespace, route.Name, route.Generation, routeStatus(route, verdict)})
	}
	for _, service := range world.VirtualServices {
		problem := config.Services[service.Namespace+"/"+service.Name]
		list = append(list, wanted{"virtualservices", service.Namespace, service.Name, service.Generation, virtualServiceStatus(service, problem)})
	}
	s.mu.Lock()
	s.wanted = list
	s.mu.Unlock()
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

func (s *statuses) run(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-s.wake:
		}
		s.mu.Lock()
		list := s.wanted
		s.mu.Unlock()
		for _, one := range list {
			if err := s.write(ctx, one); err != nil && ctx.Err() == nil {
				say("the status of %s %s/%s can't be written (%v); it is tried again", one.resource, one.namespace, one.name, err)
				time.AfterFunc(time.Second, s.watch.wake)
			}
		}
	}
}

// write starts from what the informer has, and reads again when that was old.
func (s *statuses) write(ctx context.Context, one wanted) error {
	s.watch.mu.Lock()
	f, known := s.watch.custom[one.resource]
	s.watch.mu.Unlock()
	if !known {
		return nil
	}
	key := one.name
	if one.namespace != "" {
		key = one.namespace + "/" + one.name
	}
	cached, exists, _ := f.informer.GetStore().GetByKey(key)
	if !exists {
		return nil
	}
	object := cached.(*unstructured.Unstructured).DeepCopy()
	client := s.watch.resources.Resource(f.resource).Namespace(one.namespace)
	for range 3 {
		if object.GetGeneration() != one.generation || !one.set(object) {
			return nil // a newer version has its own turn
		}
		_, err := client.UpdateStatus(ctx, object, metav1.UpdateOptions{})
		if err == nil || apierrors.IsNotFound(err) {
			return nil
		}
		if !apierrors.IsConflict(err) {
			return err
		}
		if object, err = client.Get(ctx, one.name, metav1.GetOptions{}); err != nil {
			if apierrors.IsNotFound(err) {
				return nil
			}
			return err
		}
	}
	return fmt.Errorf("it is changed by others all the time")
}

type condition struct {
	kind, status, reason, message string
}

func yes(kind, reason, message string) condition { return condition{kind, "True", reason, message} }
func no(kind, reason, message string) condition  { return condition{kind, "False", reason, message} }

// conditions keeps lastTransitionTime where the status stays.
func conditions(before []any, generation int64, list ...condition) []any {
	made := make([]any, 0, len(list))
	for _, c := range list {
		since := time.Now().UTC().Format(time.RFC3339)
		for _, b := range before {
			if old, is := b.(obj); is && old["type"] == c.kind && old["status"] == c.status {
				if at, is := old["lastTransitionTime"].(string); is {
					since = at
				}
			}
		}
		message := c.message
		if len(message) > 30_000 {
			message = message[:30_000]
		}
		made = append(made, obj{"type": c.kind, "status": c.status, "reason": c.reason, "message": message,
			"lastTransitionTime": since, "observedGeneration": generation})
	}
	return made
}

// replace sets a field of the status, and says whether that changed it.
func replace(object *unstructured.Unstructured, value any, fields ...string) bool {
	before, _, _ := unstructured.NestedFieldNoCopy(object.Object, fields...)
	value = plain(value)
	if reflect.DeepEqual(plain(before), value) {
		return false
	}
	return unstructured.SetNestedField(object.Object, value, fields...) == nil
}

// plain makes values comparable that were built here and that came over the wire.
func plain(value any) any {
	body, _ := json.Marshal(value)
	var whole struct{ V any }
	_ = json.Unmarshal([]byte(`{"V":`+string(body)+`}`), &whole)
	return integers(whole.V)
}

func integers(value any) any {
	switch v := value.(type) {
	case float64:
		return int64(v)
	case map[string]any:
		for key := range v {
			v[key] = integers(v[key])
		}
	case []any:
		for i := range v {
			v[i] = integers(v[i])
		}
	}
	return value
}

func classStatus(class GatewayClass) func(*unstructured.Unstructured) bool {
	return func(object *unstructured.Unstructured) bool {
		before, _, _ := unstructured.NestedSlice(object.Object, "status", "conditions")
		return replace(object, conditions(before, class.Generation, yes("Accepted", "Accepted", "")), "status", "conditions")
	}
}

func gatewayStatus(gateway Gateway, config Config) func(*unstructured.Unstructured) bool {
	return func(object *unstructured.Unstructured) bool {
		before, _, _ := unstructured.NestedSlice(object.Object, "status", "conditions")
		was, _, _ := unstructured.NestedSlice(object.Object, "status", "listeners")
		var listeners []any
		for _, listener := range gateway.Spec.Listeners {
			var old []any
			for _, w := range was {
				if l, is := w.(obj); is && l["name"] == listener.Name {
					old, _ = l["conditions"].([]any)
				}
			}
			verdict := []condition{yes("Accepted", "Accepted", ""), yes("Programmed", "Programmed", ""), yes("ResolvedRefs", "ResolvedRefs", "")}
			if !takesHTTP(listener) {
				why := "the playground's gateway speaks HTTP only"
				verdict = []condition{no("Accepted", "UnsupportedProtocol", why), no("Programmed", "Invalid", why), yes("ResolvedRefs", "ResolvedRefs", "")}
			}
			listeners = append(listeners, obj{
				"name":           listener.Name,
				"attachedRoutes": config.Attached[gateway.Namespace+"/"+gateway.Name+"/"+listener.Name],
				"supportedKinds": []any{obj{"group": gatewayGroup, "kind": "HTTPRoute"}},
				"conditions":     conditions(old, gateway.Generation, verdict...),
			})
		}
		changed := replace(object, conditions(before, gateway.Generation, yes("Accepted", "Accepted", ""), yes("Programmed", "Programmed", "")), "status", "conditions")
		changed = replace(object, listeners, "status", "listeners") || changed
		return replace(object, []any{obj{"type": "IPAddress", "value": "127.0.0.1"}}, "status", "addresses") || changed
	}
}

func routeStatus(route HTTPRoute, verdict RouteVerdict) func(*unstructured.Unstructured) bool {
	return func(object *unstructured.Unstructured) bool {
		before, _, _ := unstructured.NestedSlice(object.Object, "status", "parents")
		var parents []any
		for _, b := range before {
			if p, is := b.(obj); is && p["controllerName"] != controllerName {
				parents = append(parents, p)
			}
		}
		for _, parent := range verdict.Parents {
			var old []any
			for _, b := range before {
				if p, is := b.(obj); is && p["controllerName"] == controllerName && reflect.DeepEqual(plain(p["parentRef"]), plain(parent.Ref)) {
					old, _ = p["conditions"].([]any)
				}
			}
			accepted := yes("Accepted", "Accepted", "")
			if parent.Reason != "Accepted" {
				accepted = no("Accepted", parent.Reason, parent.Message)
			} else if verdict.Refused != nil {
				accepted = no("Accepted", "UnsupportedValue", verdict.Refused.Error())
			}
			resolved := yes("ResolvedRefs", "ResolvedRefs", "")
			if len(verdict.Unresolved) > 0 {
				resolved = no("ResolvedRefs", verdict.Unresolved[0].Reason, verdict.Unresolved[0].Message)
			}
			parents = append(parents, obj{
				"parentRef":      plain(parent.Ref),
				"controllerName": controllerName,
				"conditions":     conditions(old, route.Generation, accepted, resolved),
			})
		}
		if parents == nil {
			parents = []any{}
		}
		if len(parents) == 0 && len(before) == 0 {
			return false
		}
		return replace(object, parents, "status", "parents")
	}
}

// Istio's own gateways say nothing about a good VirtualService; here too, a condition is only written when something is
// wrong, and set right afterwards.
func virtualServiceStatus(service VirtualService, problem error) func(*unstructured.Unstructured) bool {
	return func(object *unstructured.Unstructured) bool {
		before, _, _ := unstructured.NestedSlice(object.Object, "status", "conditions")
		var kept []any
		var old []any
		for _, b := range before {
			if c, is := b.(obj); is && c["type"] == "Reconciled" {
				old = append(old, c)
			} else {
				kept = append(kept, b)
			}
		}
		if problem == nil && len(old) == 0 {
			return false
		}
		c := yes("Reconciled", "Accepted", "")
		if problem != nil {
			c = no("Reconciled", "Invalid", problem.Error())
		}
		made := conditions(old, service.Generation, c)
		delete(made[0].(obj), "observedGeneration") // Istio's schema has it beside the conditions
		return replace(object, append(kept, made...), "status", "conditions")
	}
}
