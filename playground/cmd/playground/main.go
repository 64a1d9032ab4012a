// Playground is a Kubernetes cluster on one Linux machine, without containers and without root: one program, a
// subcommand for each part of it.
package main

import (
	"fmt"
	"os"
	"sort"
	"strings"

	"dev.aviary/playground/internal/controlplane"
	"dev.aviary/playground/internal/gateway"
	"dev.aviary/playground/internal/load"
	"dev.aviary/playground/internal/node"
	"dev.aviary/playground/internal/supervisor"
)

// Each part gets the arguments behind its name and answers with the exit status.
var parts = map[string]func(args []string) int{
	"etcd":                    controlplane.Etcd,
	"kube-apiserver":          controlplane.APIServer,
	"kube-controller-manager": controlplane.ControllerManager,
	"kube-scheduler":          controlplane.Scheduler,
	"kubectl":                 controlplane.Kubectl,
	"node":                    node.Main,
	"gateway":                 gateway.Main,
	"load":                    load.Main,
	"up":                      supervisor.Main,
}

func main() {
	name := ""
	if len(os.Args) > 1 {
		name = os.Args[1]
	}
	part, known := parts[name]
	if !known {
		fmt.Fprintf(os.Stderr, "playground: %q is no subcommand; known: %s\n", name, strings.Join(names(), ", "))
		os.Exit(2)
	}
	os.Exit(part(os.Args[2:]))
}

func names() []string {
	all := make([]string, 0, len(parts))
	for name := range parts {
		all = append(all, name)
	}
	sort.Strings(all)
	return all
}
