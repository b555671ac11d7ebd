//go:build unix

package faults

import (
	"context"
	"strconv"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// heartbeats says that only the connections that carry the group's requests are held.
const heartbeats = "heartbeats"

// stall holds what workers send and get, or only the connections that carry some requests, and delivers it late.
func stall(_ context.Context, r *Run, s Step) error {
	var keys []int16
	if s.What == heartbeats {
		keys = []int16{kmsg.Heartbeat.Int16(), kmsg.JoinGroup.Int16(), kmsg.SyncGroup.Int16()}
	}
	for _, w := range r.workers(s) {
		w.Proxy.Stall(keys...)
	}
	return nil
}

// onProxies does something to the proxies of the workers of a step.
func onProxies(do func(*Proxy)) func(context.Context, *Run, Step) error {
	return func(_ context.Context, r *Run, s Step) error {
		for _, w := range r.workers(s) {
			do(w.Proxy)
		}
		return nil
	}
}

// resume ends what is wrong with the network of workers.
func resume(ctx context.Context, r *Run, s Step) error {
	return onProxies((*Proxy).Resume)(ctx, r, s)
}

// flap cuts the connections of workers and lets new ones through, as often as What says. Each time lasts less than a second.
func flap(ctx context.Context, r *Run, s Step) error {
	times, err := strconv.Atoi(s.What)
	if err != nil {
		return err
	}
	some := func(ctx context.Context) error {
		return pause(ctx, time.Duration(1+r.random.IntN(900))*time.Millisecond)
	}
	for range times {
		steps := []step{r.bind(onProxies((*Proxy).Cut), s), some, r.bind(resume, s), some}
		if err := inOrder(ctx, steps...); err != nil {
			return err
		}
	}
	return nil
}
