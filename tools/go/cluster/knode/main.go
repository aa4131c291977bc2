// knode: kubelet and kube-proxy in one binary; a link to it is one of them. Where the two variables below are set, the
// kubelet takes the machine to have so many CPUs and bytes of memory. Nothing else of it differs from upstream's.
package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"

	cadvisorapi "github.com/google/cadvisor/lib/model"
	"github.com/spf13/pflag"
	genericapiserver "k8s.io/apiserver/pkg/server"
	utilfeature "k8s.io/apiserver/pkg/util/feature"
	"k8s.io/component-base/cli"
	"k8s.io/component-base/logs"
	logsapi "k8s.io/component-base/logs/api/v1"
	_ "k8s.io/component-base/metrics/prometheus/clientgo"
	_ "k8s.io/component-base/metrics/prometheus/version"
	"k8s.io/klog/v2"
	proxy "k8s.io/kubernetes/cmd/kube-proxy/app"
	kubelet "k8s.io/kubernetes/cmd/kubelet/app"
	"k8s.io/kubernetes/cmd/kubelet/app/options"
	"k8s.io/kubernetes/pkg/kubelet/cadvisor"
	"k8s.io/kubernetes/pkg/kubelet/cm"
	"k8s.io/kubernetes/pkg/kubelet/kubeletconfig/configfiles"
	"k8s.io/kubernetes/pkg/util/filesystem"
)

const (
	cpus   = "NODE_CPUS"
	memory = "NODE_MEMORY"
)

type sized struct {
	cadvisor.Interface
	cpus   int
	memory uint64
}

func (s sized) MachineInfo(logger klog.Logger) (*cadvisorapi.MachineInfo, error) {
	info, err := s.Interface.MachineInfo(logger)
	if err == nil {
		info.NumCores, info.MemoryCapacity = s.cpus, s.memory
	}
	return info, err
}

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "kubelet:", err)
		os.Exit(1)
	}
}

// What upstream's command does, up to where it asks for the machine: its own command has no place for another answer.
func runKubelet() {
	flags := options.NewKubeletFlags()
	set := pflag.NewFlagSet("kubelet", pflag.ExitOnError)
	flags.AddFlags(set)
	must(set.Parse(os.Args[1:]))
	ctx := genericapiserver.SetupSignalContext()
	loader, err := configfiles.NewFsLoader(&filesystem.DefaultFs{}, flags.KubeletConfigFile)
	must(err)
	config, err := loader.Load(ctx)
	must(err)
	must(utilfeature.DefaultMutableFeatureGate.SetFromMap(config.FeatureGates))
	logs.InitLogs()
	must(logsapi.ValidateAndApply(&config.Logging, utilfeature.DefaultFeatureGate))
	server := &options.KubeletServer{KubeletFlags: *flags, KubeletConfiguration: *config}
	dependencies, err := kubelet.UnsecuredDependencies(ctx, server, utilfeature.DefaultFeatureGate)
	must(err)
	if os.Getenv(cpus) != "" {
		endpoint := config.ContainerRuntimeEndpoint
		roots := []string{cm.NodeAllocatableRoot(config.CgroupRoot, config.CgroupsPerQOS, config.CgroupDriver)}
		machine, err := cadvisor.New(klog.FromContext(ctx), cadvisor.NewImageFsInfoProvider(endpoint), flags.RootDirectory,
			roots, cadvisor.UsingLegacyCadvisorStats(endpoint), config.LocalStorageCapacityIsolation, false)
		must(err)
		number, err := strconv.Atoi(os.Getenv(cpus))
		must(err)
		bytes, err := strconv.ParseUint(os.Getenv(memory), 10, 64)
		must(err)
		dependencies.CAdvisorInterface = sized{machine, number, bytes}
	}
	must(kubelet.Run(ctx, server, dependencies, utilfeature.DefaultFeatureGate))
}

func main() {
	switch name := filepath.Base(os.Args[0]); name {
	case "kubelet":
		runKubelet()
	case "kube-proxy":
		os.Exit(cli.Run(proxy.NewProxyCommand()))
	default:
		fmt.Fprintln(os.Stderr, name+": link it to kubelet or kube-proxy")
		os.Exit(2)
	}
}
