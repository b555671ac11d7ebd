package main

import (
	"context"
	"encoding/json"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/twmb/franz-go/pkg/kgo"
)

// produce writes a record, of whatever bytes: produce BROKERS TOPIC PARTITION KEY VALUE. The value may have the escapes of Go's strings.
func produce(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 5 {
		ts.Fatalf("usage: produce BROKERS TOPIC PARTITION KEY VALUE")
	}
	partition, err := strconv.ParseInt(args[2], 10, 32)
	ts.Check(err)
	value, err := strconv.Unquote(`"` + strings.ReplaceAll(args[4], `"`, `\"`) + `"`)
	ts.Check(err)
	kafka, err := kgo.NewClient(kgo.SeedBrokers(args[0]), kgo.RecordPartitioner(kgo.ManualPartitioner()))
	ts.Check(err)
	defer kafka.Close()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	r := &kgo.Record{Topic: args[1], Partition: int32(partition), Key: []byte(args[3]), Value: []byte(value)}
	ts.Check(kafka.ProduceSync(ctx, r).FirstErr())
}

// letter sets a variable to the id of the dead letter of a processor, when there is one: letter VARIABLE BROKERS PROCESSOR.
func letter(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: letter VARIABLE BROKERS PROCESSOR")
	}
	for range 300 {
		cmd := exec.Command(lookPath(ts), "dlq", "list", "--json", "--brokers", args[1], "--processor", args[2])
		cmd.Env = []string{"HOME=" + ts.Getenv("WORK"), "TMPDIR=" + ts.Getenv("TMPDIR")}
		out, err := cmd.Output()
		ts.Check(err)
		if len(out) > 0 {
			var found struct {
				ID string `json:"id"`
			}
			ts.Check(json.Unmarshal(out, &found))
			ts.Setenv(args[0], found.ID)
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
	ts.Fatalf("there is no dead letter of %q", args[2])
}
