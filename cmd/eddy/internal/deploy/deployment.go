// Package deploy runs the whole pipeline in this process: on the embedded broker, or on a cluster.
package deploy

import (
	"context"
	"errors"
	"path/filepath"

	"github.com/eddystream/eddy/cmd/eddy/internal/embedded"
	"github.com/eddystream/eddy/topology"
)

// Config says what is run where.
type Config struct {
	Topology *topology.Topology
	// Run is the framework's configuration. Without brokers, the embedded broker is started for it. Without a data
	// directory, stores are in memory, and so is what the embedded broker holds; otherwise they are kept below it.
	Run topology.Config
	// Listen is where the embedded broker listens. Defaults to a free port of 127.0.0.1.
	Listen string
}

// Deployment is a running pipeline.
type Deployment struct {
	// App runs the processors.
	App *topology.App
	// Config is what it runs with: brokers and all.
	Config topology.Config

	broker *embedded.Broker
	stop   context.CancelFunc
	ended  chan struct{}
	err    error // of the app; readable once ended is closed
}

// Start starts the pipeline and waits until it is ready. The caller closes it. An app that ends before it is ready
// ends Start with its error.
func Start(ctx context.Context, cfg Config) (*Deployment, error) {
	d := &Deployment{Config: cfg.Run, ended: make(chan struct{})}
	if err := d.place(cfg.Listen); err != nil {
		return nil, err
	}
	app, err := topology.NewApp(cfg.Topology, d.Config)
	if err != nil {
		d.closeBroker()
		return nil, err
	}
	d.App = app
	// Ending ctx does not stop the app by itself: what runs on it may still have to end in order.
	run, stop := context.WithCancel(context.WithoutCancel(ctx))
	d.stop = stop
	go func() {
		defer close(d.ended)
		d.err = app.Run(run)
	}()
	if d.broker != nil {
		go func() {
			select {
			case <-d.broker.Failed():
				stop()
			case <-d.ended:
			}
		}()
	}
	select {
	case <-app.Ready():
		return d, nil
	case <-d.ended:
		err := d.Close()
		if errors.Is(err, embedded.ErrStorage) {
			return nil, err
		}
		return nil, errors.Join(err, errEnded)
	case <-ctx.Done():
		return nil, errors.Join(ctx.Err(), d.Close())
	}
}

// errEnded says that an app ended that should not have.
var errEnded = errors.New("the pipeline ended before it was ready")

// place finds brokers and a place for what is stored.
func (d *Deployment) place(listen string) error {
	data := d.Config.DataDir
	if data == "" {
		d.Config.InMemory = true
	}
	if len(d.Config.Brokers) > 0 {
		return nil
	}
	broker := embedded.Config{Listen: listen, Partitions: d.Config.Partitions}
	if data != "" {
		broker.DataDir = filepath.Join(data, "broker")
		d.Config.DataDir = filepath.Join(data, "stores")
	}
	var err error
	if d.broker, err = embedded.Start(broker); err != nil {
		return err
	}
	d.Config.Brokers = d.broker.Addrs()
	d.Config.Replication = 1
	return nil
}

// Ended is closed when the app has ended, by Close, by its own error, or because the embedded broker has failed.
func (d *Deployment) Ended() <-chan struct{} { return d.ended }

// Close stops the app, which finishes what it began, then the embedded broker. It returns the error that the app ended
// with, and may be called again. If the broker could not keep what it was sent that is the error ([embedded.ErrStorage]), and all others come of it.
func (d *Deployment) Close() error {
	d.stop()
	<-d.ended
	d.closeBroker()
	if d.broker != nil {
		if err := d.broker.Failure(); err != nil {
			return err
		}
	}
	return d.err
}

func (d *Deployment) closeBroker() {
	if d.broker != nil {
		d.broker.Close()
	}
}
