package cache

import (
	"math/bits"
	"reflect"
)

const (
	maxSteps    = 4096 // values that one measurement looks at
	maxDepth    = 16   // of pointers, lists and structs in each other
	maxElements = 64   // of one list or map
)

// walk is one measurement.
type walk struct{ steps int }

// behind is what v refers to, without v itself.
func (w *walk) behind(v reflect.Value, depth int) uintptr {
	if w.steps--; w.steps < 0 || depth == 0 || foreign(v.Type()) {
		return 0
	}
	switch v.Kind() {
	case reflect.String:
		return allotted(uintptr(v.Len()))
	case reflect.Pointer:
		if v.IsNil() {
			return 0
		}
		return allotted(v.Type().Elem().Size()) + w.behind(v.Elem(), depth-1)
	case reflect.Interface:
		if v.IsNil() {
			return 0
		}
		if e := v.Elem(); !pointerShaped(e.Kind()) {
			return allotted(e.Type().Size()) + w.behind(e, depth-1)
		}
		return w.behind(v.Elem(), depth-1)
	case reflect.Struct:
		sum := uintptr(0)
		for i := range v.NumField() { //nolint:modernize // Fields makes a description of each field, too
			sum += w.behind(v.Field(i), depth-1)
		}
		return sum
	case reflect.Array:
		return w.elements(v, depth)
	case reflect.Slice:
		return allotted(uintptr(v.Cap())*v.Type().Elem().Size()) + w.elements(v, depth)
	case reflect.Map:
		return w.entries(v, depth)
	}
	return 0 // numbers, and what no row is made of
}

// elements is what the elements of a list refer to.
func (w *walk) elements(v reflect.Value, depth int) uintptr {
	n := v.Len()
	if n == 0 || plain(v.Type().Elem().Kind()) {
		return 0
	}
	sum := uintptr(0)
	for i := range min(n, maxElements) {
		sum += w.behind(v.Index(i), depth-1)
	}
	return scaled(sum, n)
}

// entries is a map. Its groups of eight hold keys and elements, and are seven eighths full at most.
func (w *walk) entries(v reflect.Value, depth int) uintptr {
	if v.IsNil() {
		return 0
	}
	const header = 48
	n := v.Len()
	slot := 1 + v.Type().Key().Size() + v.Type().Elem().Size()
	groups := uintptr(1)
	if n > 8 {
		groups = (uintptr(1) << bits.Len(uint(n*8/7))) / 8
	}
	sum, seen := uintptr(0), 0
	for it := v.MapRange(); seen < maxElements && it.Next(); seen++ {
		sum += w.behind(it.Key(), depth-1) + w.behind(it.Value(), depth-1)
	}
	return header + groups*8*slot + scaled(sum, n)
}

// scaled is the sum over n elements, given that over the first.
func scaled(sum uintptr, n int) uintptr {
	if n > maxElements {
		return sum * uintptr(n) / maxElements
	}
	return sum
}

// plain reports whether values of a kind refer to nothing.
func plain(k reflect.Kind) bool { return k >= reflect.Bool && k <= reflect.Complex128 }

// pointerShaped reports whether an interface holds values of a kind without another allocation.
func pointerShaped(k reflect.Kind) bool {
	return k == reflect.Pointer || k == reflect.Map || k == reflect.Chan || k == reflect.Func || k == reflect.UnsafePointer
}

// foreign reports whether a type is of a package whose values are shared or locked.
func foreign(t reflect.Type) bool {
	switch t.PkgPath() {
	case "time", "sync", "sync/atomic", "reflect", "unique", "weak":
		return true
	}
	return false
}

// allotted is about what Go takes for an object of a size: its classes are some eighth apart.
func allotted(size uintptr) uintptr {
	if size == 0 {
		return 0
	}
	step := uintptr(8)
	if size > 64 {
		step = max(uintptr(1)<<(bits.Len64(uint64(size-1))-4), 16)
	}
	return (size + step - 1) / step * step
}
