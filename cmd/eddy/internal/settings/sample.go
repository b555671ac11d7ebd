package settings

import (
	"fmt"
	"strings"

	"github.com/knadh/koanf/providers/structs"
	"github.com/knadh/koanf/v2"
)

// sampleWidth is how long a line of the sample may be.
const sampleWidth = 100

const sampleHead = `Settings of Eddy, as 'eddy settings --sample' prints them: each at its default, or an example where that is none. Take the
"#" away before a key, and before the name of its group, to set it. A file is given by --config or EDDY_CONFIG. Flags, and variables of the
environment, which are named beside the keys, go before it.`

// Sample is a configuration file with every setting, what it is, and its default, all of it as comments: what is to be set loses its "#".
func Sample() string {
	ko := koanf.New(".")
	if err := ko.Load(structs.Provider(Default(), "koanf"), nil); err != nil {
		panic(fmt.Sprintf("settings: %v", err)) // of a struct, not of its values
	}
	var s strings.Builder
	for _, line := range wrap(sampleHead, sampleWidth-len("# ")) {
		s.WriteString("# " + line + "\n")
	}
	group := ""
	for _, a := range abouts {
		name, indent := a.key, ""
		if first, rest, dotted := strings.Cut(a.key, "."); dotted {
			name, indent = rest, "  "
			if first != group {
				fmt.Fprintf(&s, "\n#%s:\n", first)
				group = first
			}
		} else {
			s.WriteByte('\n')
		}
		text := a.text() + ". " + Variable(a.key) + "."
		if a.unset != "" {
			text += " Default: " + a.unset + "."
		}
		for _, line := range wrap(text, sampleWidth-len("# ")-len(indent)) {
			fmt.Fprintf(&s, "#%s %s\n", indent, line)
		}
		fmt.Fprintf(&s, "#%s%s: %s\n", indent, name, example(a.key, ko.Get(a.key)))
	}
	return s.String()
}

// examples are values of settings whose default is none, or that follows from others.
var examples = map[string]string{ //nolint:gosec // nobody's password
	"brokers": "[kafka1:9092, kafka2:9092]", "data-dir": "/var/lib/eddy", "health": "127.0.0.1:8086", "instance-id": "worker-1",
	"processors": "[dependents, requests]", "delivery": "[at-least-once]", "on-error": "[stop]", "dead-letter-topic": "eddy-dead-letters",
	"upgrade-from": "v1", "replication": "3", "siteinfo": "[enwiki.json, dewiki.json]", "memory": "2GiB", "store-cache": "512MiB",
	"cache-bytes": "256MiB", "send-buffer": "32MiB", "tls.ca": "/etc/eddy/ca.pem", "tls.cert": "/etc/eddy/client.pem",
	"tls.key": "/etc/eddy/client.key", "tls.server-name": "kafka.example", "sasl.mechanism": "SCRAM-SHA-512", "sasl.user": "eddy",
	"sasl.password": "secret", "sasl.password-file": "/etc/eddy/password",
}

// example is a setting's default, or something that it might be.
func example(key string, value any) string {
	if text, ok := examples[key]; ok {
		return text
	}
	return fmt.Sprint(value)
}

// wrap breaks a text into lines.
func wrap(text string, width int) []string {
	var lines []string
	line := ""
	for word := range strings.FieldsSeq(text) {
		if line != "" && len(line)+1+len(word) > width {
			lines, line = append(lines, line), ""
		}
		if line != "" {
			line += " "
		}
		line += word
	}
	return append(lines, line)
}
