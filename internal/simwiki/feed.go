package simwiki

import "slices"

// Chooser draws the numbers that decide what happens: a *rand.Rand, or a property test's own,
// which makes a failing run smaller.
type Chooser interface {
	// IntN returns one of 0..n-1; n is at least 1.
	IntN(n int) int
}

// Feed holds events back and hands them out late: in their order per page and stream, in any
// order between pages and between the two streams of a page, and some of them again later.
// It is not safe for concurrent use.
type Feed struct {
	// Repeat is the chance, in percent, that an event handed out is to come once more. Defaults to 0.
	Repeat int

	held    int64
	queues  []queue
	repeats []Event
}

type queue struct {
	page   int64
	render bool
	events []Event
}

// Push takes an event in.
func (f *Feed) Push(e Event) {
	page, render := e.PageKey().ID, e.Render != nil
	i := slices.IndexFunc(f.queues, func(q queue) bool { return q.page == page && q.render == render })
	if i < 0 {
		i = len(f.queues)
		f.queues = append(f.queues, queue{page: page, render: render})
	}
	f.queues[i].events = append(f.queues[i].events, e)
}

// Hold keeps the renderings of a page back, and of no other, until it is called again.
func (f *Feed) Hold(page int64) { f.held = page }

// Len returns how many events are held, repeats included.
func (f *Feed) Len() int {
	n := len(f.repeats)
	for _, q := range f.queues {
		n += len(q.events)
	}
	return n
}

// Next hands out one event; false: none is held.
func (f *Feed) Next(c Chooser) (Event, bool) {
	// What is held is last, and left out.
	n := len(f.queues)
	if i := slices.IndexFunc(f.queues, func(q queue) bool { return q.render && q.page == f.held }); i >= 0 {
		n--
		f.queues[i], f.queues[n] = f.queues[n], f.queues[i]
	}
	if n == 0 && len(f.repeats) == 0 {
		return Event{}, false
	}
	choices := n
	if len(f.repeats) > 0 {
		choices++
	}
	i := c.IntN(choices)
	if i == n {
		k := c.IntN(len(f.repeats))
		e := f.repeats[k]
		f.repeats = slices.Delete(f.repeats, k, k+1)
		return e, true
	}
	q := &f.queues[i]
	e := q.events[0]
	q.events = q.events[1:]
	if len(q.events) == 0 {
		f.queues = slices.Delete(f.queues, i, i+1)
	}
	if f.Repeat > 0 && c.IntN(100) < f.Repeat {
		f.repeats = append(f.repeats, e)
	}
	return e, true
}
