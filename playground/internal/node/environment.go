package node

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"sort"
	"strings"

	v1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	resourceapi "k8s.io/kubernetes/pkg/api/v1/resource"
	"k8s.io/kubernetes/pkg/fieldpath"
	"k8s.io/kubernetes/third_party/forked/golang/expansion"
)

// values are what environment variables and volumes may refer to.
type values interface {
	// configMap answers with nil if there is none.
	configMap(namespace, name string) (map[string]string, error)
	secret(namespace, name string) (map[string]string, error)
}

// environment resolves a container's variables in Kubernetes' order: what the node and the image give, envFrom, env;
// a later one wins, and may use $(EARLIER).
func environment(pod *v1.Pod, container *v1.Container, given map[string]string, from values) (map[string]string, error) {
	result := map[string]string{}
	for name, value := range given {
		result[name] = value
	}
	for _, source := range container.EnvFrom {
		found, err := fromWhole(pod.Namespace, source, from)
		if err != nil {
			return nil, err
		}
		for key, value := range found {
			result[source.Prefix+key] = value
		}
	}
	expand := expansion.MappingFuncFor(result)
	for _, variable := range container.Env {
		if variable.ValueFrom == nil {
			result[variable.Name] = expansion.Expand(variable.Value, expand)
			continue
		}
		value, ok, err := fromOne(pod, container, variable.ValueFrom, from)
		if err != nil {
			return nil, err
		}
		if ok {
			result[variable.Name] = value
		}
	}
	return result, nil
}

func fromWhole(namespace string, source v1.EnvFromSource, from values) (map[string]string, error) {
	var found map[string]string
	var err error
	var what string
	optional := false
	switch {
	case source.ConfigMapRef != nil:
		what, optional = "configmap "+source.ConfigMapRef.Name, isTrue(source.ConfigMapRef.Optional)
		found, err = from.configMap(namespace, source.ConfigMapRef.Name)
	case source.SecretRef != nil:
		what, optional = "secret "+source.SecretRef.Name, isTrue(source.SecretRef.Optional)
		found, err = from.secret(namespace, source.SecretRef.Name)
	default:
		return nil, nil
	}
	if err == nil && found == nil && !optional {
		err = fmt.Errorf("%s not found", what)
	}
	return found, err
}

// fromOne says false if an optional reference leads nowhere: then the variable isn't set.
func fromOne(pod *v1.Pod, container *v1.Container, source *v1.EnvVarSource, from values) (string, bool, error) {
	switch {
	case source.FieldRef != nil:
		value, err := field(pod, source.FieldRef.FieldPath)
		return value, err == nil, err
	case source.ResourceFieldRef != nil:
		value, err := resourceapi.ExtractContainerResourceValue(source.ResourceFieldRef, container)
		return value, err == nil, err
	case source.ConfigMapKeyRef != nil:
		ref := source.ConfigMapKeyRef
		found, err := from.configMap(pod.Namespace, ref.Name)
		return key("configmap", ref.Name, ref.Key, isTrue(ref.Optional), found, err)
	case source.SecretKeyRef != nil:
		ref := source.SecretKeyRef
		found, err := from.secret(pod.Namespace, ref.Name)
		return key("secret", ref.Name, ref.Key, isTrue(ref.Optional), found, err)
	}
	return "", false, fmt.Errorf("a variable's valueFrom is of a kind that this node doesn't know")
}

func key(kind, name, wanted string, optional bool, found map[string]string, err error) (string, bool, error) {
	value, ok := found[wanted]
	switch {
	case err != nil || ok || optional:
		return value, ok, err
	case found == nil:
		return "", false, fmt.Errorf("%s %q not found", kind, name)
	default:
		return "", false, fmt.Errorf("couldn't find key %s in %s %s", wanted, kind, name)
	}
}

func field(pod *v1.Pod, path string) (string, error) {
	switch path {
	case "spec.nodeName":
		return pod.Spec.NodeName, nil
	case "spec.serviceAccountName":
		return pod.Spec.ServiceAccountName, nil
	case "status.hostIP", "status.hostIPs":
		return hostIP, nil
	case "status.podIP", "status.podIPs":
		return pod.Status.PodIP, nil
	}
	return fieldpath.ExtractFieldPathAsString(pod, path)
}

func isTrue(flag *bool) bool { return flag != nil && *flag }

// given is what every container finds: of the host's environment only what a program needs to be found.
func (n *Node) given(w *worker, workingDir string) map[string]string {
	pod := w.snapshot()
	hosts := n.network.hostsFile(pod.Namespace)
	env := map[string]string{
		"PATH": os.Getenv("PATH"), "HOME": workingDir, "LANG": "C.UTF-8",
		"HOSTNAME": pod.Name, "POD_IP": w.ip, "POD_NAME": pod.Name, "POD_NAMESPACE": pod.Namespace,
		"PLAYGROUND_HOSTS": hosts, "PLAYGROUND_VOLUMES": w.volumeDir(),
		// JVMs find Services by it, also where the kernel grants no /etc/hosts of their own.
		"JAVA_TOOL_OPTIONS": "-Djdk.net.hosts.file=" + hosts,
	}
	if home := os.Getenv("JAVA_HOME"); home != "" {
		env["JAVA_HOME"] = home
		env["PATH"] = filepath.Join(home, "bin") + ":" + env["PATH"]
	}
	if server, err := url.Parse(n.server); err == nil {
		env["KUBERNETES_SERVICE_HOST"], env["KUBERNETES_SERVICE_PORT"] = server.Hostname(), server.Port()
	}
	return env
}

func asList(env map[string]string) []string {
	list := make([]string, 0, len(env))
	for name, value := range env {
		list = append(list, name+"="+value)
	}
	sort.Strings(list)
	return list
}

// apiValues asks the API server each time: a container's start is rare.
type apiValues struct {
	node *Node
	ctx  context.Context
}

func (a apiValues) configMap(namespace, name string) (map[string]string, error) {
	found, err := a.node.client.CoreV1().ConfigMaps(namespace).Get(a.ctx, name, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	data := map[string]string{}
	for key, value := range found.BinaryData {
		data[key] = string(value)
	}
	for key, value := range found.Data {
		data[key] = value
	}
	return data, nil
}

func (a apiValues) secret(namespace, name string) (map[string]string, error) {
	found, err := a.node.client.CoreV1().Secrets(namespace).Get(a.ctx, name, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	data := map[string]string{}
	for key, value := range found.Data {
		data[key] = string(value)
	}
	return data, nil
}

// commandOf is what Kubernetes would run: the container's command replaces the image's command and args, its args
// replace the image's args. Folders that are mounted elsewhere in a real container are named as they are here.
func commandOf(container *v1.Container, image Image, env map[string]string, mounts []mount) []string {
	command, args := image.Command, image.Args
	if len(container.Command) > 0 {
		command, args = container.Command, nil
	}
	if len(container.Args) > 0 {
		args = container.Args
	}
	expand := expansion.MappingFuncFor(env)
	var result []string
	for _, text := range append(append([]string{}, command...), args...) {
		result = append(result, here(expansion.Expand(text, expand), mounts))
	}
	return result
}

// mount is where a container expects a folder, and where it is.
type mount struct{ expected, actual string }

// here puts the actual folder in the place of the expected one, wherever that begins a path in the text.
func here(text string, mounts []mount) string {
	for _, m := range mounts {
		for from := 0; ; {
			at := strings.Index(text[from:], m.expected)
			if at < 0 {
				break
			}
			at += from
			end := at + len(m.expected)
			begins := at == 0 || strings.ContainsRune("=:, \"'\n\t(", rune(text[at-1]))
			ends := end == len(text) || strings.ContainsRune("/:, \"'\n\t)", rune(text[end]))
			if begins && ends {
				text = text[:at] + m.actual + text[end:]
				end = at + len(m.actual)
			}
			from = end
		}
	}
	return text
}
