package kafka

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"
)

// dataFolder is where a broker keeps its log, below its own folder.
const dataFolder = "data"

// started is what a broker logs when it serves.
const started = "Kafka Server started"

// stopTimeout bounds how long a broker that is asked to stop may take. The last brokers of a cluster that stops as a whole wait
// for a quorum of controllers that is gone already.
const stopTimeout = 15 * time.Second

// broker is one broker of a cluster. The cluster guards it.
type broker struct {
	id         int // from 1
	dir        string
	addr       string // for clients
	secure     string // for clients that log in; empty: there are none
	controller string // for other controllers

	run *process // nil: not started
}

// process is a running JVM.
type process struct {
	cmd    *exec.Cmd
	out    *output
	paused bool
	ended  chan struct{} // closed when it has, and err is set
	err    error
}

// program returns a command of Kafka's jars that runs in the broker's folder.
func (c *Cluster) program(ctx context.Context, b *broker, args ...string) *exec.Cmd {
	args = append([]string{"-cp", filepath.Join(c.jars, "*"), "-XX:-UsePerfData", "-Djava.io.tmpdir=" + filepath.Join(b.dir, "tmp")}, args...)
	cmd := exec.CommandContext(ctx, c.java, args...) //nolint:gosec // the machine's Java
	cmd.Dir = b.dir
	c.watchdog.Adopt(cmd)
	return cmd
}

// prepare writes the broker's settings and formats its folder, unless it has been.
func (c *Cluster) prepare(ctx context.Context, i int) error {
	b := c.brokers[i]
	if err := os.MkdirAll(filepath.Join(b.dir, "tmp"), 0o755); err != nil { //nolint:gosec // a test's data
		return err
	}
	settings := filepath.Join(b.dir, "server.properties")
	if err := os.WriteFile(settings, []byte(formatProperties(c.properties(i))), 0o600); err != nil {
		return err
	}
	_, err := os.Stat(filepath.Join(b.dir, dataFolder, "meta.properties"))
	if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	format := c.program(ctx, b, "-XX:TieredStopAtLevel=1", "kafka.tools.StorageTool", "format", "-t", c.id, "-c", settings)
	if out, err := format.CombinedOutput(); err != nil {
		return errors.Join(ctx.Err(), fmt.Errorf("format: %w\n%s", err, out))
	}
	return nil
}

// start starts a prepared broker and waits until it serves.
func (c *Cluster) start(ctx context.Context, i int) error {
	b := c.brokers[i]
	if b.run != nil {
		if err := b.signal(0); err != nil {
			return err
		}
		return errors.New("it runs")
	}
	args := append([]string{
		"-Dorg.slf4j.simpleLogger.showDateTime=true", "-Dorg.slf4j.simpleLogger.dateTimeFormat=HH:mm:ss.SSS",
		"-Dorg.slf4j.simpleLogger.defaultLogLevel=warn", "-Dorg.slf4j.simpleLogger.log.kafka.server.KafkaRaftServer=info", // says started
	}, c.opt.JVM...)
	cmd := c.program(context.WithoutCancel(ctx), b, append(args, "kafka.Kafka", "server.properties")...)
	out := &output{prefix: fmt.Sprintf("broker %d: ", i), to: c.opt.Log, mu: &c.logging, marker: started, found: make(chan struct{})}
	cmd.Stdout, cmd.Stderr = out, out
	if err := cmd.Start(); err != nil {
		return err
	}
	p := &process{cmd: cmd, out: out, ended: make(chan struct{})}
	go func() {
		defer close(p.ended)
		p.err = cmd.Wait()
	}()
	b.run = p
	select {
	case <-out.found:
		return nil
	case <-p.ended:
		b.run = nil
		return fmt.Errorf("it ended (%w):\n%s", p.err, out.last())
	case <-ctx.Done():
		return errors.Join(fmt.Errorf("it is not ready: %w\n%s", ctx.Err(), out.last()), b.kill())
	}
}

// signal sends a signal to a broker that has to run. A broker that ended by itself has not been running since.
func (b *broker) signal(s syscall.Signal) error {
	p := b.run
	if p == nil {
		return errors.New("it does not run")
	}
	select {
	case <-p.ended:
		b.run = nil
		return fmt.Errorf("it ended by itself (%w):\n%s", p.err, p.out.last())
	default:
		return p.cmd.Process.Signal(s)
	}
}

// pause stops the process and returns when its last thread has stopped, which is some time after the signal.
func (b *broker) pause() error {
	p := b.run
	if p != nil && p.paused {
		return errors.New("it is paused")
	}
	if err := b.signal(syscall.SIGSTOP); err != nil {
		return err
	}
	p.paused = true
	for {
		_, err := syscall.Wait4(p.cmd.Process.Pid, nil, syscall.WUNTRACED, nil)
		if !errors.Is(err, syscall.EINTR) {
			return err
		}
	}
}

// resume lets a paused process run.
func (b *broker) resume() error {
	p := b.run
	if p != nil && !p.paused {
		return errors.New("it is not paused")
	}
	if err := b.signal(syscall.SIGCONT); err != nil {
		return err
	}
	p.paused = false
	return nil
}

// kill ends the broker at once, paused or not.
func (b *broker) kill() error {
	p := b.run
	if err := b.signal(syscall.SIGKILL); err != nil {
		return err
	}
	<-p.ended
	b.run = nil
	return nil
}

// stop lets the broker hand over and close its log, and kills it when that takes too long.
func (b *broker) stop() error {
	p := b.run
	if err := b.signal(syscall.SIGTERM); err != nil {
		return err
	}
	if p.paused {
		if err := b.resume(); err != nil {
			return err
		}
	}
	patience := time.NewTimer(stopTimeout)
	defer patience.Stop()
	select {
	case <-p.ended:
		b.run = nil
		return nil
	case <-patience.C:
		return b.kill()
	}
}
