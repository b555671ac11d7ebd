package settings

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Size is a number of bytes. As text it is a number and a unit: "512MiB", "1.5 GB", "4096".
type Size int64

// units are the factors by name; the first that divides a size writes it.
var units = []struct {
	name   string
	factor int64
}{
	{"TiB", 1 << 40},
	{"GiB", 1 << 30},
	{"MiB", 1 << 20},
	{"KiB", 1 << 10},
	{"TB", 1e12},
	{"GB", 1e9},
	{"MB", 1e6},
	{"KB", 1e3},
	{"B", 1},
}

// ParseSize reads a size. Units are KiB, MiB, GiB and TiB, of 1024 each, and KB, MB, GB and TB, of 1000, in any case; bytes without one.
func ParseSize(text string) (Size, error) {
	number, factor := strings.TrimSpace(text), int64(1)
	for _, u := range units {
		if at := len(number) - len(u.name); at > 0 && strings.EqualFold(number[at:], u.name) {
			number, factor = strings.TrimSpace(number[:at]), u.factor
			break
		}
	}
	// Digits and a point: no signs, no exponents, nothing that is not a number.
	if number == "" || strings.Trim(number, "0123456789.") != "" {
		return 0, fmt.Errorf("%q is no size, such as 512MiB, 2GiB or 1.5GB", text)
	}
	if n, err := strconv.ParseInt(number, 10, 64); err == nil && n <= math.MaxInt64/factor {
		return Size(n * factor), nil
	}
	n, err := strconv.ParseFloat(number, 64)
	if err != nil {
		return 0, fmt.Errorf("%q is no size, such as 512MiB, 2GiB or 1.5GB", text)
	}
	if n *= float64(factor); n >= math.MaxInt64 {
		return 0, fmt.Errorf("%q is too large", text)
	}
	return Size(n), nil
}

// UnmarshalText reads what [ParseSize] does.
func (s *Size) UnmarshalText(text []byte) (err error) {
	*s, err = ParseSize(string(text))
	return err
}

// MarshalText writes what [Size.String] does.
func (s Size) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// String writes the size in the greatest unit of 1024 that divides it, else in bytes.
func (s Size) String() string {
	for _, u := range units {
		if u.factor&(u.factor-1) == 0 && u.factor > 1 && s != 0 && int64(s)%u.factor == 0 {
			return strconv.FormatInt(int64(s)/u.factor, 10) + u.name
		}
	}
	return strconv.FormatInt(int64(s), 10)
}
