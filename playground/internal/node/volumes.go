package node

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sort"

	authenticationv1 "k8s.io/api/authentication/v1"
	v1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func (w *worker) volumeDir() string { return filepath.Join(w.dir, "volumes") }

// makeVolumes writes each volume as a folder. It is filled once: a change of the ConfigMap is seen by the next pod.
func (w *worker) makeVolumes(ctx context.Context, pod *v1.Pod) error {
	for _, volume := range pod.Spec.Volumes {
		dir := filepath.Join(w.volumeDir(), volume.Name)
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return err
		}
		if err := w.fill(ctx, pod, dir, volume); err != nil {
			return fmt.Errorf("volume %q: %w", volume.Name, err)
		}
	}
	return nil
}

func (w *worker) fill(ctx context.Context, pod *v1.Pod, dir string, volume v1.Volume) error {
	var projections []v1.VolumeProjection
	switch {
	case volume.ConfigMap != nil:
		projections = []v1.VolumeProjection{{ConfigMap: &v1.ConfigMapProjection{
			LocalObjectReference: volume.ConfigMap.LocalObjectReference, Items: volume.ConfigMap.Items, Optional: volume.ConfigMap.Optional}}}
	case volume.Secret != nil:
		projections = []v1.VolumeProjection{{Secret: &v1.SecretProjection{
			LocalObjectReference: v1.LocalObjectReference{Name: volume.Secret.SecretName}, Items: volume.Secret.Items, Optional: volume.Secret.Optional}}}
	case volume.DownwardAPI != nil:
		projections = []v1.VolumeProjection{{DownwardAPI: &v1.DownwardAPIProjection{Items: volume.DownwardAPI.Items}}}
	case volume.Projected != nil:
		projections = volume.Projected.Sources
	case volume.EmptyDir != nil, volume.Ephemeral != nil, volume.PersistentVolumeClaim != nil:
		return nil // an empty folder that lives as long as the pod
	case volume.HostPath != nil:
		return os.RemoveAll(dir) // mounts name the host's own folder
	default:
		return fmt.Errorf("is of a kind that this node doesn't know")
	}
	for _, projection := range projections {
		if err := w.project(ctx, pod, dir, projection); err != nil {
			return err
		}
	}
	return nil
}

func (w *worker) project(ctx context.Context, pod *v1.Pod, dir string, source v1.VolumeProjection) error {
	from := apiValues{w.node, ctx}
	switch {
	case source.ConfigMap != nil:
		data, err := from.configMap(pod.Namespace, source.ConfigMap.Name)
		return writeKeys(dir, "configmap "+source.ConfigMap.Name, data, source.ConfigMap.Items, isTrue(source.ConfigMap.Optional), err)
	case source.Secret != nil:
		data, err := from.secret(pod.Namespace, source.Secret.Name)
		return writeKeys(dir, "secret "+source.Secret.Name, data, source.Secret.Items, isTrue(source.Secret.Optional), err)
	case source.ServiceAccountToken != nil:
		return w.writeToken(ctx, pod, dir, source.ServiceAccountToken)
	case source.DownwardAPI != nil:
		for _, item := range source.DownwardAPI.Items {
			if item.FieldRef == nil {
				continue
			}
			value, err := field(pod, item.FieldRef.FieldPath)
			if err != nil {
				return err
			}
			if err := writeFile(dir, item.Path, value); err != nil {
				return err
			}
		}
	}
	return nil
}

func (w *worker) writeToken(ctx context.Context, pod *v1.Pod, dir string, wanted *v1.ServiceAccountTokenProjection) error {
	request := &authenticationv1.TokenRequest{Spec: authenticationv1.TokenRequestSpec{
		// Longer than the usual hour: nothing here renews it.
		ExpirationSeconds: new(int64),
		BoundObjectRef:    &authenticationv1.BoundObjectReference{Kind: "Pod", APIVersion: "v1", Name: pod.Name, UID: pod.UID},
	}}
	*request.Spec.ExpirationSeconds = 24 * 3600
	if wanted.Audience != "" {
		request.Spec.Audiences = []string{wanted.Audience}
	}
	accounts := w.node.client.CoreV1().ServiceAccounts(pod.Namespace)
	token, err := accounts.CreateToken(ctx, pod.Spec.ServiceAccountName, request, metav1.CreateOptions{})
	if err != nil {
		return err
	}
	return writeFile(dir, wanted.Path, token.Status.Token)
}

func writeKeys(dir, what string, data map[string]string, items []v1.KeyToPath, optional bool, err error) error {
	if err != nil {
		return err
	}
	if data == nil {
		if optional {
			return nil
		}
		return fmt.Errorf("%s not found", what)
	}
	if len(items) == 0 {
		for key := range data {
			items = append(items, v1.KeyToPath{Key: key, Path: key})
		}
	}
	for _, item := range items {
		value, ok := data[item.Key]
		if !ok {
			if optional {
				continue
			}
			return fmt.Errorf("%s has no key %s", what, item.Key)
		}
		if err := writeFile(dir, item.Path, value); err != nil {
			return err
		}
	}
	return nil
}

func writeFile(dir, path, text string) error {
	if !filepath.IsLocal(path) {
		return fmt.Errorf("path %q leads out of the volume", path)
	}
	file := filepath.Join(dir, path)
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	return os.WriteFile(file, []byte(text), 0o600)
}

// mountsOf is for commandOf: the longest expected path first, so that the innermost folder wins.
func (w *worker) mountsOf(pod *v1.Pod, container *v1.Container) []mount {
	var mounts []mount
	for _, wanted := range container.VolumeMounts {
		actual := filepath.Join(w.volumeDir(), wanted.Name, wanted.SubPath)
		for _, volume := range pod.Spec.Volumes {
			if volume.Name == wanted.Name && volume.HostPath != nil {
				actual = filepath.Join(volume.HostPath.Path, wanted.SubPath)
			}
		}
		mounts = append(mounts, mount{filepath.Clean(wanted.MountPath), actual})
	}
	sort.Slice(mounts, func(i, j int) bool { return len(mounts[i].expected) > len(mounts[j].expected) })
	return mounts
}
