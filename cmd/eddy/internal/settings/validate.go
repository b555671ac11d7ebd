package settings

import (
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/eddystream/eddy/internal/registry"
)

// What the largest record may be set to. A record is in memory several times, as it is read, decoded and split.
const (
	leastRecord Size = 1_000_000
	mostRecord  Size = 32 << 20
)

// validate reports every value that no command could use.
func (s Settings) validate() error {
	var errs []error
	add := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	if s.Partitions < 1 {
		add("partitions: %d is not positive", s.Partitions)
	}
	if s.Replication < 0 {
		add("replication: %d is negative", s.Replication)
	}
	if s.DrainTimeout < 0 {
		add("drain-timeout: %s is negative", s.DrainTimeout)
	}
	for _, size := range []struct {
		key   string
		value Size
	}{{"memory", s.Memory}, {"store-cache", s.StoreCache}, {"cache-bytes", s.CacheBytes}, {"send-buffer", s.SendBuffer}} {
		if size.value < 0 {
			add("%s: %d is negative", size.key, int64(size.value))
		}
	}
	if s.MaxRecord < leastRecord || s.MaxRecord > mostRecord {
		add("max-record: %d: want %s to %s", int64(s.MaxRecord), leastRecord, mostRecord)
	}
	if _, _, err := s.deliveries(); err != nil {
		errs = append(errs, err)
	}
	if _, _, err := s.policies(); err != nil {
		errs = append(errs, err)
	}
	for _, address := range s.SchemaRegistry.URL {
		if err := registry.CheckURL(address); err != nil {
			add("schema-registry.url: %w", err)
		}
	}
	if _, err := s.Cases(); err != nil {
		errs = append(errs, err)
	}
	if s.StartOn != "render" && s.StartOn != "change" {
		add("start-on: %q is neither render nor change", s.StartOn)
	}
	if s.KeepCascades < time.Hour {
		add("keep-cascades: %s is less than an hour", s.KeepCascades)
	}
	if s.ClockSkew < 0 {
		add("clock-skew: %s is negative", s.ClockSkew)
	}
	if s.Coalesce != 0 && s.Coalesce < time.Second {
		add("coalesce: %s is neither 0 nor a second or more", s.Coalesce)
	}
	if s.WitnessAfter <= 0 {
		add("witness-after: %s is not more than 0", s.WitnessAfter)
	}
	if _, err := s.Log.Logger(io.Discard); err != nil {
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}
