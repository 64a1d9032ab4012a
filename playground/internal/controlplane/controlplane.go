// Package controlplane holds Kubernetes' own programs, unchanged, as subcommands of one binary: they share 100 MB of
// code, and one build makes them all.
package controlplane

import (
	"os"

	// Parsed and converted by the API server at start-up only where they are linked in.
	_ "k8s.io/component-base/logs/json/register"
	_ "k8s.io/component-base/metrics/prometheus/clientgo"
	_ "k8s.io/component-base/metrics/prometheus/version"

	"github.com/spf13/cobra"
	"k8s.io/component-base/cli"
	kubectl "k8s.io/kubectl/pkg/cmd"
	apiserver "k8s.io/kubernetes/cmd/kube-apiserver/app"
	controllermanager "k8s.io/kubernetes/cmd/kube-controller-manager/app"
	scheduler "k8s.io/kubernetes/cmd/kube-scheduler/app"
)

// APIServer is kube-apiserver.
func APIServer(args []string) int { return run(apiserver.NewAPIServerCommand(), args) }

// ControllerManager is kube-controller-manager.
func ControllerManager(args []string) int {
	return run(controllermanager.NewControllerManagerCommand(), args)
}

// Scheduler is kube-scheduler.
func Scheduler(args []string) int { return run(scheduler.NewSchedulerCommand(), args) }

// Kubectl is kubectl of the same version as the server.
func Kubectl(args []string) int {
	os.Args = append([]string{"kubectl"}, args...) // it looks there for plugins
	return run(kubectl.NewDefaultKubectlCommand(), args)
}

func run(command *cobra.Command, args []string) int {
	command.SetArgs(args)
	return cli.Run(command)
}
