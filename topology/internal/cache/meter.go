package cache

import "reflect"

// Meter estimates what decoded values of one type take in memory, given the size of their encoding. It measures the first values
// and then one of many, by walking them, and keeps the line through these points: a part that every value takes, and one that grows
// with its encoding. Older points count less and less.
//
// It belongs to one goroutine at a time. Nobody may change a value while it is measured: the moments to ask are when it was just
// decoded, and when it was just encoded.
type Meter struct {
	seen            int
	n, x, y, xx, xy float64 // sums over the points (encoded, in memory)
	constant, slope float64
}

const (
	// measuredFirst and measuredOf say which values are measured: so many, then one of so many.
	measuredFirst, measuredOf = 16, 64
	// fading is what is left of the weight of a point with each one that follows.
	fading = 1 - 1.0/256
)

// Estimate returns what a value takes in memory beside the variable that holds it, given the size of its encoding. Both are in bytes.
func (m *Meter) Estimate(value any, encoded int) int {
	if m.seen++; m.seen <= measuredFirst || m.seen%measuredOf == 0 {
		m.learn(float64(encoded), float64(Size(value)))
	}
	return max(int(m.constant+m.slope*float64(encoded)), 0)
}

// learn adds a point and fits the line by least squares.
func (m *Meter) learn(x, y float64) {
	for _, sum := range []*float64{&m.n, &m.x, &m.y, &m.xx, &m.xy} {
		*sum *= fading
	}
	m.n, m.x, m.y, m.xx, m.xy = m.n+1, m.x+x, m.y+y, m.xx+x*x, m.xy+x*y
	spread := m.n*m.xx - m.x*m.x
	m.slope, m.constant = 0, m.y/m.n
	if spread > m.n*m.n/4 { // the encodings differ by half a byte and more
		m.slope = (m.n*m.xy - m.x*m.y) / spread
		m.constant = (m.y - m.slope*m.x) / m.n
	}
	if m.slope < 0 || m.constant < 0 { // no such value is seen again: a line through the origin, or a level one, does better
		m.slope, m.constant = m.y/max(m.x, 1), 0
	}
}

// Size measures what a value takes in memory beside the variable that holds it, in bytes: what its pointers, slices, strings and maps
// refer to, in the sizes in which Go hands out memory. Of long lists it measures the first elements and takes the others to be like
// them; it gives up deep in a value, and leaves out what it looks at too long. What is shared is counted wherever it is met.
func Size(value any) int {
	if value == nil {
		return 0
	}
	w := walk{steps: maxSteps}
	v := reflect.ValueOf(value)
	if pointerShaped(v.Kind()) {
		return int(w.behind(v, maxDepth))
	}
	return int(allotted(v.Type().Size()) + w.behind(v, maxDepth))
}
