// netpol-verdicts: what the matcher of sigs.k8s.io/kube-network-policies says of connections.
//
// Reads a stream of JSON cases on stdin and writes one line for each: an array with a boolean for each connection.
// A case is {"policies": [...], "namespaces": [...], "pods": [...], "connections": [...]} in Kubernetes' own types; a
// connection is {"from", "to": a pod's index, or an address, "port", "protocol"}.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	_ "unsafe" // for go:linkname

	v1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes/fake"
	"k8s.io/client-go/tools/cache"
	"k8s.io/klog/v2"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/kube-network-policies/pkg/networkpolicy"
)

// The matcher's own entry points read packets from the kernel. These two methods are what they decide by.

//go:linkname policiesOf sigs.k8s.io/kube-network-policies/pkg/networkpolicy.(*Controller).getNetworkPoliciesForPod
func policiesOf(c *networkpolicy.Controller, pod *v1.Pod) []*networkingv1.NetworkPolicy

//go:linkname evaluate sigs.k8s.io/kube-network-policies/pkg/networkpolicy.(*Controller).evaluator
func evaluate(c *networkpolicy.Controller, ctx context.Context, policies []*networkingv1.NetworkPolicy,
	direction networkingv1.PolicyType, pod *v1.Pod, port int, peer *v1.Pod, peerIP net.IP, peerPort int,
	protocol v1.Protocol) bool

type testCase struct {
	Policies    []*networkingv1.NetworkPolicy `json:"policies"`
	Namespaces  []*v1.Namespace               `json:"namespaces"`
	Pods        []*v1.Pod                     `json:"pods"`
	Connections []connection                  `json:"connections"`
}

type connection struct {
	From     end         `json:"from"`
	To       end         `json:"to"`
	Port     int         `json:"port"`
	Protocol v1.Protocol `json:"protocol"`
}

// end is a pod of the case, or an address.
type end struct {
	Pod     *int   `json:"pod"`
	Address string `json:"address"`
}

// matcher is the controller with the stores that its listers read.
type matcher struct {
	controller                 *networkpolicy.Controller
	policies, namespaces, pods cache.Indexer
}

func newMatcher() (*matcher, error) {
	client := fake.NewClientset()
	factory := informers.NewSharedInformerFactory(client, 0)
	policies, core := factory.Networking().V1().NetworkPolicies(), factory.Core().V1()
	controller, err := networkpolicy.NewController(client, policies, core.Namespaces(), core.Pods(), core.Nodes(),
		nil, nil, nil, networkpolicy.Config{NRIdisabled: true, NodeName: "node"})
	if err != nil {
		return nil, err
	}
	return &matcher{controller, policies.Informer().GetIndexer(), core.Namespaces().Informer().GetIndexer(),
		core.Pods().Informer().GetIndexer()}, nil
}

// put replaces the contents of a store.
func put[T any](store cache.Indexer, objects []T) error {
	list := make([]any, len(objects))
	for i, object := range objects {
		list[i] = object
	}
	return store.Replace(list, "")
}

func (m *matcher) verdicts(c testCase) ([]bool, error) {
	for i, policy := range c.Policies {
		stored, err := asStored(policy)
		if err != nil {
			return nil, err
		}
		c.Policies[i] = stored
	}
	for _, pod := range c.Pods {
		setProtocols(pod)
	}
	err := errors.Join(put(m.policies, c.Policies), put(m.namespaces, c.Namespaces), put(m.pods, c.Pods))
	result := make([]bool, len(c.Connections))
	for i, one := range c.Connections {
		result[i] = m.allowed(c.Pods, one)
	}
	return result, err
}

// allowed asks the policies of both pods; an address has none.
func (m *matcher) allowed(pods []*v1.Pod, c connection) bool {
	ctx := context.Background()
	from, fromIP := resolve(pods, c.From)
	to, toIP := resolve(pods, c.To)
	out := evaluate(m.controller, ctx, policiesOf(m.controller, from), networkingv1.PolicyTypeEgress,
		from, 0, to, toIP, c.Port, c.Protocol)
	return out && evaluate(m.controller, ctx, policiesOf(m.controller, to), networkingv1.PolicyTypeIngress,
		to, c.Port, from, fromIP, 0, c.Protocol)
}

func resolve(pods []*v1.Pod, e end) (*v1.Pod, net.IP) {
	if e.Pod == nil {
		return nil, net.ParseIP(e.Address)
	}
	pod := pods[*e.Pod]
	return pod, net.ParseIP(pod.Status.PodIP)
}

// asStored is the policy as the API server keeps it: with its defaults, and without empty lists.
func asStored(policy *networkingv1.NetworkPolicy) (*networkingv1.NetworkPolicy, error) {
	bytes, err := policy.Marshal()
	if err != nil {
		return nil, err
	}
	stored := &networkingv1.NetworkPolicy{}
	if err := stored.Unmarshal(bytes); err != nil {
		return nil, err
	}
	if len(stored.Spec.PolicyTypes) == 0 {
		stored.Spec.PolicyTypes = []networkingv1.PolicyType{networkingv1.PolicyTypeIngress}
		if len(stored.Spec.Egress) > 0 {
			stored.Spec.PolicyTypes = append(stored.Spec.PolicyTypes, networkingv1.PolicyTypeEgress)
		}
	}
	for i := range stored.Spec.Ingress {
		tcp(stored.Spec.Ingress[i].Ports)
	}
	for i := range stored.Spec.Egress {
		tcp(stored.Spec.Egress[i].Ports)
	}
	return stored, nil
}

func tcp(ports []networkingv1.NetworkPolicyPort) {
	for i := range ports {
		if ports[i].Protocol == nil {
			ports[i].Protocol = ptr.To(v1.ProtocolTCP)
		}
	}
}

func setProtocols(pod *v1.Pod) {
	for i := range pod.Spec.Containers {
		for j := range pod.Spec.Containers[i].Ports {
			if port := &pod.Spec.Containers[i].Ports[j]; port.Protocol == "" {
				port.Protocol = v1.ProtocolTCP
			}
		}
	}
}

func run(in io.Reader, out io.Writer) error {
	m, err := newMatcher()
	if err != nil {
		return err
	}
	decoder, encoder := json.NewDecoder(in), json.NewEncoder(out)
	for {
		var c testCase
		if err := decoder.Decode(&c); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		verdicts, err := m.verdicts(c)
		if err != nil {
			return err
		}
		if err := encoder.Encode(verdicts); err != nil {
			return err
		}
	}
}

func main() {
	klog.SetOutput(io.Discard)
	klog.LogToStderr(false)
	out := bufio.NewWriter(os.Stdout)
	if err := errors.Join(run(bufio.NewReader(os.Stdin), out), out.Flush()); err != nil {
		fmt.Fprintln(os.Stderr, "netpol-verdicts:", err)
		os.Exit(1)
	}
}
