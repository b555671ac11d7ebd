package topology

// apply applies options; one that is nil is none.
func apply[T any, O ~func(T)](to T, opts []O) {
	for _, opt := range opts {
		if opt != nil {
			opt(to)
		}
	}
}
