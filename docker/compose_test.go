package docker_test

import (
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/compose-spec/compose-go/v2/cli"
	"github.com/compose-spec/compose-go/v2/types"
)

// load reads the compose file as docker compose does: schema, merges, references, consistency.
func load(t *testing.T) *types.Project {
	t.Helper()
	options, err := cli.NewProjectOptions([]string{"compose.yaml"}, cli.WithoutEnvironmentResolution)
	if err != nil {
		t.Fatal(err)
	}
	project, err := options.LoadProject(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return project
}

func service(t *testing.T, p *types.Project, name string) types.ServiceConfig {
	t.Helper()
	s, err := p.GetService(name)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func value(s types.ServiceConfig, variable string) string {
	if v := s.Environment[variable]; v != nil {
		return *v
	}
	return ""
}

func TestComposeServices(t *testing.T) {
	t.Parallel()
	p := load(t)
	if got, want := slices.Sorted(maps.Keys(p.Services)), []string{"kafka", "topics", "worker-1", "worker-2"}; !slices.Equal(got, want) {
		t.Fatalf("services %q, want %q", got, want)
	}
	for name, s := range p.Services {
		if s.Privileged {
			t.Errorf("%s is privileged", name)
		}
		for _, port := range s.Ports {
			if port.HostIP != "127.0.0.1" {
				t.Errorf("%s publishes port %s on all interfaces", name, port.Published)
			}
		}
		if _, tag, ok := strings.Cut(s.Image, ":"); !ok || tag == "latest" {
			t.Errorf("%s: image %q is not pinned", name, s.Image)
		}
		for _, volume := range s.Volumes {
			if _, ok := p.Volumes[volume.Source]; volume.Type == types.VolumeTypeVolume && !ok {
				t.Errorf("%s: volume %q is not declared", name, volume.Source)
			}
		}
	}
}

// Kafka is healthy before the topics are made, and the topics are made before a worker starts.
func TestComposeOrder(t *testing.T) {
	t.Parallel()
	p := load(t)
	if service(t, p, "kafka").HealthCheck == nil {
		t.Error("kafka has no health check to wait for")
	}
	if got := service(t, p, "topics").DependsOn["kafka"].Condition; got != types.ServiceConditionHealthy {
		t.Errorf("topics wait for kafka to be %q", got)
	}
	for _, name := range []string{"worker-1", "worker-2"} {
		if got := service(t, p, name).DependsOn["topics"].Condition; got != types.ServiceConditionCompletedSuccessfully {
			t.Errorf("%s waits for topics to be %q", name, got)
		}
	}
}

func TestComposeWorkers(t *testing.T) {
	t.Parallel()
	p := load(t)
	one, two := service(t, p, "worker-1"), service(t, p, "worker-2")
	for _, s := range []types.ServiceConfig{one, two} {
		if !slices.Equal(s.Command, []string{"run"}) {
			t.Errorf("%s runs %q", s.Name, s.Command)
		}
		if value(s, "EDDY_BROKERS") != "kafka:9092" {
			t.Errorf("%s: brokers %q", s.Name, value(s, "EDDY_BROKERS"))
		}
		if !s.ReadOnly || !slices.Contains(s.CapDrop, "ALL") {
			t.Errorf("%s may write or do more than it needs", s.Name)
		}
		if s.Build == nil {
			t.Fatalf("%s is not built here", s.Name)
		}
		if _, err := os.Stat(filepath.Join(s.Build.Context, s.Build.Dockerfile)); err != nil {
			t.Errorf("%s: %v", s.Name, err)
		}
	}
	if value(one, "EDDY_INSTANCE_ID") == value(two, "EDDY_INSTANCE_ID") {
		t.Error("the workers are one static member")
	}
	if one.Volumes[0].Source == two.Volumes[0].Source {
		t.Error("the workers share a local store")
	}
}

// Every setting of the workers is one that eddy knows: it refuses the others.
func TestComposeSettings(t *testing.T) {
	t.Parallel()
	p := load(t)
	out, err := exec.CommandContext(t.Context(), binary(t), "settings", "--json").Output()
	if err != nil {
		t.Fatal(err)
	}
	known := string(out)
	for _, name := range []string{"topics", "worker-1", "worker-2"} {
		for variable := range service(t, p, name).Environment {
			if !strings.Contains(known, `"`+variable+`"`) {
				t.Errorf("%s: eddy does not know %s", name, variable)
			}
		}
	}
}

// A single KRaft node is broker and controller, tells its clients addresses that they can reach, and
// makes internal topics with one replica.
func TestComposeKafka(t *testing.T) {
	t.Parallel()
	kafka := service(t, load(t), "kafka")
	if got := value(kafka, "KAFKA_PROCESS_ROLES"); got != "broker,controller" {
		t.Errorf("roles %q", got)
	}
	listeners := names(value(kafka, "KAFKA_LISTENERS"))
	protocols := names(value(kafka, "KAFKA_LISTENER_SECURITY_PROTOCOL_MAP"))
	for _, l := range listeners {
		if !slices.Contains(protocols, l) {
			t.Errorf("listener %s has no protocol", l)
		}
	}
	controller := value(kafka, "KAFKA_CONTROLLER_LISTENER_NAMES")
	advertised := names(value(kafka, "KAFKA_ADVERTISED_LISTENERS"))
	for _, l := range listeners {
		if l != controller && !slices.Contains(advertised, l) {
			t.Errorf("listener %s is not advertised", l)
		}
	}
	id, address, _ := strings.Cut(value(kafka, "KAFKA_CONTROLLER_QUORUM_VOTERS"), "@")
	if id != value(kafka, "KAFKA_NODE_ID") || !strings.HasPrefix(address, kafka.Hostname+":") {
		t.Errorf("the quorum's voter is %s@%s", id, address)
	}
	for variable, v := range kafka.Environment {
		if (strings.HasSuffix(variable, "_REPLICATION_FACTOR") || strings.HasSuffix(variable, "_MIN_ISR")) && *v != "1" {
			t.Errorf("%s is %s on one broker", variable, *v)
		}
	}
	if len(value(kafka, "CLUSTER_ID")) != 22 {
		t.Error("the cluster id is no base64 of 16 bytes")
	}
}

// names returns the names before the first colon of a list with commas.
func names(list string) []string {
	var out []string
	for item := range strings.SplitSeq(list, ",") {
		name, _, _ := strings.Cut(item, ":")
		out = append(out, name)
	}
	return out
}
