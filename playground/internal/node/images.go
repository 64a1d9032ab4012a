package node

import (
	"encoding/json"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"sort"
	"strings"
)

// hostImage runs the container's own command as it stands on this machine.
const hostImage = "host"

// Image is what an image repository's JSON file says, such as `{"name": "sms-checker", "tags": ["v1"], "command":
// ["java", "-jar", "${IMAGES}/sms-checker.jar"]}`. In command, args, env and workingDir, ${IMAGES} is the folder
// itself and ${JAVA_HOME} the node's own JDK.
type Image struct {
	Name       string            `json:"name"`
	Tags       []string          `json:"tags"` // none: every tag
	Command    []string          `json:"command"`
	Args       []string          `json:"args"`
	Env        map[string]string `json:"env"`
	WorkingDir string            `json:"workingDir"`
}

// Images is a folder of such files, read anew at each look.
type Images struct{ Dir string }

// Find takes a reference as in a pod's spec; a registry in front of the name doesn't matter, a digest neither.
func (i Images) Find(reference string) (Image, error) {
	name, tag := split(reference)
	if path.Base(name) == hostImage {
		return Image{Name: name}, nil
	}
	files, _ := filepath.Glob(filepath.Join(i.Dir, "*.json"))
	known := []string{hostImage}
	for _, file := range files {
		image, err := read(file)
		if err != nil {
			return Image{}, fmt.Errorf("image %q: %w", reference, err)
		}
		if image.Name == name || image.Name == path.Base(name) {
			if len(image.Tags) == 0 || slices.Contains(image.Tags, tag) {
				return i.expanded(image), nil
			}
		}
		for _, tag := range image.Tags {
			known = append(known, image.Name+":"+tag)
		}
		if len(image.Tags) == 0 {
			known = append(known, image.Name)
		}
	}
	sort.Strings(known)
	return Image{}, fmt.Errorf("image %q: not found in %s; known: %s", reference, i.Dir, strings.Join(known, ", "))
}

func read(file string) (Image, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return Image{}, err
	}
	var image Image
	if err := json.Unmarshal(text, &image); err != nil {
		return Image{}, fmt.Errorf("%s is no image description: %w", file, err)
	}
	if image.Name == "" {
		image.Name = strings.TrimSuffix(filepath.Base(file), ".json")
	}
	return image, nil
}

// split parts "registry:5000/team/app:v1@sha256:..." into "registry:5000/team/app" and "v1".
func split(reference string) (name, tag string) {
	name, _, _ = strings.Cut(reference, "@")
	if colon := strings.LastIndexByte(name, ':'); colon > strings.LastIndexByte(name, '/') {
		return name[:colon], name[colon+1:]
	}
	return name, "latest"
}

func (i Images) expanded(image Image) Image {
	// Only these two: all other dollars are the shell's.
	expand := strings.NewReplacer("${IMAGES}", i.Dir, "${JAVA_HOME}", os.Getenv("JAVA_HOME")).Replace
	all := func(texts []string) []string {
		result := make([]string, len(texts))
		for at, text := range texts {
			result[at] = expand(text)
		}
		return result
	}
	env := map[string]string{}
	for name, value := range image.Env {
		env[name] = expand(value)
	}
	image.Command, image.Args, image.Env, image.WorkingDir = all(image.Command), all(image.Args), env, expand(image.WorkingDir)
	return image
}
