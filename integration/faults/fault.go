//go:build unix

package faults

import (
	"context"
	"time"
)

// fault is something that can be done to a cluster.
type fault struct {
	begin func(context.Context, *Run, Step) error
	end   func(context.Context, *Run, Step) error // nil: it is over when begin returns
	// takeover says that, where no time is given, it lasts until the other workers have the partitions.
	takeover bool
}

// catalogue has all faults by their names.
func catalogue() map[string]fault {
	return map[string]fault{
		"nothing": {begin: func(context.Context, *Run, Step) error { return nil }},

		"kill":  {begin: kill, end: start},                 // back at once, with its data or without
		"die":   {begin: kill, end: start, takeover: true}, // back when the others have its partitions
		"crash": {begin: crash},
		"pause": {begin: eachWorker((*Worker).Pause), end: eachWorker((*Worker).Continue), takeover: true},
		"stop":  {begin: eachWorker((*Worker).Stop), end: start},
		"leave": {begin: leave},
		"join":  {begin: join},

		"stall": {begin: stall, end: resume, takeover: true},
		"cut":   {begin: onProxies((*Proxy).Cut), end: resume, takeover: true},
		"slow":  {begin: onProxies(func(p *Proxy) { p.Slow(100 * time.Millisecond) }), end: resume},
		"flap":  {begin: flap},

		"broker-kill":  {begin: killBroker, end: startBroker},
		"broker-pause": {begin: pauseBroker, end: continueBroker},
		"broker-lost":  {begin: loseBroker},
		"mark-tail":    {begin: markTail},
		"lose-tail":    {begin: loseTail},
		"unclean":      {begin: uncleanElection, end: truncate},

		"disk-full":    {begin: fillDisk, end: freeDisk},
		"store-gone":   {begin: removeStore, end: reviveStore},
		"store-damage": {begin: damageStore, end: start},

		"table-gone":    {begin: stopped(deleteTopics), end: start},
		"table-deleted": {begin: deleteUnderWorkers, end: start},
		"table-emptied": {begin: stopped(emptyTopics), end: start},
		"expired":       {begin: stopped(expire), end: start},
		"grown":         {begin: grow},
		"rights":        {begin: denied},
	}
}

// eachWorker does the same to all workers of a step at once.
func eachWorker(do func(*Worker, context.Context) error) func(context.Context, *Run, Step) error {
	return func(ctx context.Context, r *Run, s Step) error {
		return each(ctx, r.workers(s), func(ctx context.Context, w *Worker) error { return do(w, ctx) })
	}
}

// start starts the workers of a step.
func start(ctx context.Context, r *Run, s Step) error { return r.Start(ctx, r.workers(s)...) }

// stopped does something while all workers are stopped that run; the step's end starts its workers, which are to be all.
func stopped(do func(context.Context, *Run, Step) error) func(context.Context, *Run, Step) error {
	return func(ctx context.Context, r *Run, s Step) error {
		if err := r.Stop(ctx, r.running()...); err != nil {
			return err
		}
		return do(ctx, r, s)
	}
}
