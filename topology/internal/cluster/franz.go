package cluster

import (
	"cmp"
	"context"
	"log/slog"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
	"github.com/twmb/franz-go/pkg/kversion"
	"github.com/twmb/franz-go/pkg/sasl/plain"
	"github.com/twmb/franz-go/pkg/sasl/scram"
)

// Franz returns the options of a franz-go client of the cluster: where it is and how to speak to it. What it has fetched and not handed out is one answer for each broker at most.
func Franz(s Settings) []kgo.Opt {
	s = s.WithDefaults()
	opts := []kgo.Opt{
		kgo.SeedBrokers(s.Brokers...),
		kgo.ClientID(s.ClientID),
		kgo.WithLogger(franzLog{s.Logger}),
		kgo.MaxVersions(versions()),
		kgo.MetadataMinAge(100 * time.Millisecond), // else a topic that was just made is unknown for seconds
		kgo.RecordPartitioner(kgo.ManualPartitioner()),
		kgo.FetchMaxBytes(int32(s.FetchBytes)),
		kgo.FetchMaxPartitionBytes(int32(max(s.FetchBytes/4, minFetch))),
		kgo.RequiredAcks(kgo.AllISRAcks()),
		kgo.ProducerLinger(0),
		kgo.ProducerBatchMaxBytesFn(func(topic string) int32 {
			return int32(cmp.Or(s.MaxBytes[topic], s.MaxRecordBytes) + batchOverhead)
		}),
		kgo.ProducerBatchCompression(kgo.SnappyCompression(), kgo.NoCompression()),
	}
	if s.TLS != nil {
		opts = append(opts, kgo.DialTLSConfig(s.TLS.Clone()))
	}
	if s.SASL != nil {
		scramAuth := scram.Auth{User: s.SASL.User, Pass: s.SASL.Password}
		switch s.SASL.Mechanism {
		case Plain:
			opts = append(opts, kgo.SASL(plain.Auth{User: s.SASL.User, Pass: s.SASL.Password}.AsMechanism()))
		case ScramSHA256:
			opts = append(opts, kgo.SASL(scramAuth.AsSha256Mechanism()))
		case ScramSHA512:
			opts = append(opts, kgo.SASL(scramAuth.AsSha512Mechanism()))
		}
	}
	return opts
}

// minFetch is the least part of a partition in an answer.
const minFetch = 64 << 10

// versions are those of the protocol that are spoken. Later ones of the requests about offsets name topics by their ids alone, which
// who commits would have to look up.
func versions() *kversion.Versions {
	v := kversion.Stable()
	v.SetMaxKeyVersion(int16(kmsg.OffsetCommit), 9)
	v.SetMaxKeyVersion(int16(kmsg.OffsetFetch), 9)
	v.SetMaxKeyVersion(int16(kmsg.TxnOffsetCommit), 5)
	return v
}

// franzLog passes on what a client has to say. Its warnings are of things that it tries again, and frequent at a stop.
type franzLog struct{ log *slog.Logger }

func (l franzLog) Level() kgo.LogLevel {
	switch {
	case l.log.Enabled(context.Background(), slog.LevelDebug):
		return kgo.LogLevelInfo
	case l.log.Enabled(context.Background(), slog.LevelWarn):
		return kgo.LogLevelWarn
	case l.log.Enabled(context.Background(), slog.LevelError):
		return kgo.LogLevelError
	}
	return kgo.LogLevelNone
}

func (l franzLog) Log(level kgo.LogLevel, msg string, keyvals ...any) {
	to := slog.LevelDebug
	switch level {
	case kgo.LogLevelError:
		to = slog.LevelError
	case kgo.LogLevelWarn:
		to = slog.LevelWarn
	}
	l.log.Log(context.Background(), to, msg, keyvals...)
}
