package engine

import (
	"fmt"
	"hash"
	"log/slog"

	"github.com/lovoo/goka"
)

// producer is the processor's goka producer builder.
func (p *processor) producer([]string, string, func() hash.Hash32) (goka.Producer, error) {
	return stub{p}, nil
}

// stub stands for goka's producer, which nothing may use: handles write into the batch. It fails the run and finishes its promises
// at once, because a promise that goka waits for would delay the end by a minute.
type stub struct{ p *processor }

// Emit implements [goka.Producer].
func (s stub) Emit(topic, key string, _ []byte) *goka.Promise {
	err := fmt.Errorf("a record for topic %q was given to goka's producer", topic)
	s.p.e.fail(&ProcessError{Processor: s.p.k.Name, Offset: -1, Key: []byte(key), Err: err})
	promise, finish := goka.NewPromiseWithFinisher()
	finish(nil, err)
	return promise
}

// EmitWithHeaders implements [goka.Producer].
func (s stub) EmitWithHeaders(topic, key string, value []byte, _ goka.Headers) *goka.Promise {
	return s.Emit(topic, key, value)
}

// Close implements [goka.Producer].
func (stub) Close() error { return nil }

// gokaLog writes goka's log as debug messages.
type gokaLog struct{ log *slog.Logger }

func (l gokaLog) Print(v ...any)   { l.log.Debug(fmt.Sprint(v...), "from", "goka") }
func (l gokaLog) Println(v ...any) { l.log.Debug(fmt.Sprint(v...), "from", "goka") }
func (l gokaLog) Printf(format string, v ...any) {
	l.log.Debug(fmt.Sprintf(format, v...), "from", "goka")
}
