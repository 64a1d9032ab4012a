package node

import (
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	v1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

type known map[string]map[string]string

func (k known) configMap(_, name string) (map[string]string, error) { return k[name], nil }
func (k known) secret(_, name string) (map[string]string, error)    { return k[name], nil }

func TestALaterVariableWinsAndMayUseEarlierOnes(t *testing.T) {
	pod := &v1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "p", Namespace: "shop", Labels: map[string]string{"app": "web"}}}
	pod.Status.PodIP = "127.1.0.9"
	container := &v1.Container{
		EnvFrom: []v1.EnvFromSource{{Prefix: "X_", ConfigMapRef: &v1.ConfigMapEnvSource{LocalObjectReference: v1.LocalObjectReference{Name: "m"}}}},
		Env: []v1.EnvVar{
			{Name: "A", Value: "$(X_COLOR)/$(GIVEN)/$(NOWHERE)/$$(A)"},
			{Name: "GIVEN", Value: "ours"},
			{Name: "B", Value: "$(A)"},
			{Name: "APP", ValueFrom: &v1.EnvVarSource{FieldRef: &v1.ObjectFieldSelector{FieldPath: "metadata.labels['app']"}}},
			{Name: "IP", ValueFrom: &v1.EnvVarSource{FieldRef: &v1.ObjectFieldSelector{FieldPath: "status.podIP"}}},
		},
	}

	env, err := environment(pod, container, map[string]string{"GIVEN": "theirs"}, known{"m": {"COLOR": "blue"}})

	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"A": "blue/theirs/$(NOWHERE)/$(A)", "GIVEN": "ours", "B": "blue/theirs/$(NOWHERE)/$(A)", "APP": "web", "IP": "127.1.0.9",
	} {
		if env[name] != want {
			t.Errorf("%s is %q, not %q", name, env[name], want)
		}
	}
}

func TestAMissingReferenceIsSaidUnlessItIsOptional(t *testing.T) {
	yes := true
	ref := func(name string, optional *bool) v1.EnvVar {
		return v1.EnvVar{Name: "A", ValueFrom: &v1.EnvVarSource{SecretKeyRef: &v1.SecretKeySelector{
			LocalObjectReference: v1.LocalObjectReference{Name: name}, Key: "k", Optional: optional}}}
	}
	for _, c := range []struct {
		variable v1.EnvVar
		want     string
	}{
		{ref("none", nil), `secret "none" not found`},
		{ref("other", nil), "couldn't find key k in secret other"},
		{ref("none", &yes), ""},
	} {
		env, err := environment(&v1.Pod{}, &v1.Container{Env: []v1.EnvVar{c.variable}}, nil, known{"other": {}})
		if _, set := env["A"]; set {
			t.Errorf("%q: A is set", c.want)
		}
		if err == nil && c.want != "" || err != nil && err.Error() != c.want {
			t.Errorf("said %v, not %q", err, c.want)
		}
	}
}

func TestTheContainersCommandReplacesTheImagesArgsToo(t *testing.T) {
	image := Image{Command: []string{"java"}, Args: []string{"-jar", "a.jar"}}
	for _, c := range []struct {
		container v1.Container
		want      string
	}{
		{v1.Container{}, "java -jar a.jar"},
		{v1.Container{Args: []string{"-version"}}, "java -version"},
		{v1.Container{Command: []string{"sh"}}, "sh"},
		{v1.Container{Command: []string{"sh"}, Args: []string{"/scripts/$(NAME)", "--out=/scripts", "/scripts2"}}, "sh /v/s/x --out=/v/s /scripts2"},
	} {
		got := commandOf(&c.container, image, map[string]string{"NAME": "x"}, []mount{{"/scripts", "/v/s"}})
		if strings.Join(got, " ") != c.want {
			t.Errorf("%q, not %q", got, c.want)
		}
	}
}

func TestAnImageIsFoundByNameAndTag(t *testing.T) {
	dir := t.TempDir()
	text := `{"name": "app", "tags": ["v1"], "command": ["${IMAGES}/run", "$HOME ${x}"]}`
	if err := os.WriteFile(filepath.Join(dir, "app.json"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	images := Images{dir}
	for _, reference := range []string{"app:v1", "registry:5000/team/app:v1", "app:v1@sha256:abc"} {
		image, err := images.Find(reference)
		if err != nil || image.Command[0] != dir+"/run" || image.Command[1] != "$HOME ${x}" {
			t.Errorf("%s: %v %v", reference, image, err)
		}
	}
	for _, reference := range []string{"app", "app:v2", "other:v1"} {
		if _, err := images.Find(reference); err == nil || !strings.Contains(err.Error(), "known: app:v1, host") {
			t.Errorf("%s: %v", reference, err)
		}
	}
}

func TestTheFirstRestartIsImmediateThenPausesDouble(t *testing.T) {
	b := backoff{first: 10 * time.Second}
	for _, want := range []time.Duration{0, 10, 20, 40, 80, 160, 300, 300} {
		if got := b.next(time.Second); got != want*time.Second {
			t.Errorf("%s, not %d s", got, want)
		}
	}
	if got := b.next(wellAfter); got != 0 {
		t.Errorf("after a long healthy run: %s", got)
	}
}

func TestAnOpinionChangesAtItsThresholdOnly(t *testing.T) {
	s := newStreak(&v1.Probe{FailureThreshold: 3, SuccessThreshold: 2}, true)
	for i, answer := range []struct{ ok, want bool }{
		{false, true}, {false, true}, {true, true}, {false, true}, {false, true}, {false, false}, {true, false}, {true, true},
	} {
		s.add(answer.ok)
		if s.opinion != answer.want {
			t.Errorf("after answer %d: %t", i, s.opinion)
		}
	}
}

func TestPhaseIsTheKubelets(t *testing.T) {
	running := v1.ContainerState{Running: &v1.ContainerStateRunning{}}
	waiting := v1.ContainerState{Waiting: &v1.ContainerStateWaiting{}}
	ended := func(code int32) v1.ContainerState {
		return v1.ContainerState{Terminated: &v1.ContainerStateTerminated{ExitCode: code}}
	}
	for _, c := range []struct {
		policy v1.RestartPolicy
		want   v1.PodPhase
		states []container
	}{
		{v1.RestartPolicyAlways, v1.PodPending, []container{{state: running}, {state: waiting}}},
		{v1.RestartPolicyAlways, v1.PodRunning, []container{{state: waiting, last: ended(1)}}},
		{v1.RestartPolicyNever, v1.PodRunning, []container{{state: running}, {state: ended(1)}}},
		{v1.RestartPolicyNever, v1.PodFailed, []container{{state: ended(0)}, {state: ended(1)}}},
		{v1.RestartPolicyNever, v1.PodSucceeded, []container{{state: ended(0)}, {state: ended(0)}}},
		{v1.RestartPolicyOnFailure, v1.PodRunning, []container{{state: ended(1)}}},
	} {
		var containers []*container
		for i := range c.states {
			containers = append(containers, &c.states[i])
		}
		if got := phaseOf(c.policy, containers); got != c.want {
			t.Errorf("%s %+v: %s, not %s", c.policy, c.states, got, c.want)
		}
	}
}

func TestAnAddressThatWasGivenBackIsNotTheNextOne(t *testing.T) {
	a := newAddresses(netip.MustParsePrefix("127.3.0.0/16"))
	first, _ := a.take("")
	a.release(first)
	second, _ := a.take("")
	if first != "127.3.0.2" || second != "127.3.0.3" {
		t.Errorf("%s, %s", first, second)
	}
	if again, _ := a.take("127.3.0.9"); again != "127.3.0.9" {
		t.Errorf("the pod's old address was free, it got %s", again)
	}
	if other, _ := a.take("127.3.0.9"); other == "127.3.0.9" {
		t.Error("one address for two pods")
	}
}

func TestTheTailBeginsAtALinesStart(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	for text, want := range map[string]string{"a\nb\nc\n": "b\nc\n", "a\nb\nc": "b\nc", "a\n": "a\n", "": ""} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		file, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := seekToTail(file, 2); err != nil {
			t.Fatal(err)
		}
		rest := make([]byte, 100)
		n, _ := file.Read(rest)
		file.Close()
		if string(rest[:n]) != want {
			t.Errorf("%q: %q", text, rest[:n])
		}
	}
}
