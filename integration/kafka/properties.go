package kafka

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"
)

// internalPartitions is the number of partitions of each of Kafka's own topics: whoever uses them first waits until all are made.
const internalPartitions = "8"

// properties returns the settings of broker i.
func (c *Cluster) properties(i int) map[string]string {
	copies := strconv.Itoa(min(len(c.brokers), 3))
	inSync := strconv.Itoa(min(len(c.brokers), 2))
	voters := make([]string, len(c.brokers))
	for k, b := range c.brokers {
		voters[k] = fmt.Sprintf("%d@%s", b.id, b.controller)
	}
	b := c.brokers[i]
	p := map[string]string{
		"process.roles":                    "broker,controller",
		"node.id":                          strconv.Itoa(b.id),
		"controller.quorum.voters":         strings.Join(voters, ","),
		"listeners":                        "PLAINTEXT://" + b.addr + ",CONTROLLER://" + b.controller,
		"advertised.listeners":             "PLAINTEXT://" + b.addr,
		"controller.listener.names":        "CONTROLLER",
		"listener.security.protocol.map":   "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT",
		"log.dirs":                         dataFolder, // relative: the value is a list, and any folder's name may have a comma
		"auto.create.topics.enable":        "false",
		"group.initial.rebalance.delay.ms": "0",
	}
	if b.secure != "" {
		maps.Copy(p, c.security(p, b))
	}
	for _, topic := range []string{"offsets.topic", "transaction.state.log", "share.coordinator.state.topic"} {
		p[topic+".replication.factor"] = copies
		p[topic+".num.partitions"] = internalPartitions
	}
	for _, topic := range []string{"transaction.state.log", "share.coordinator.state.topic"} {
		p[topic+".min.isr"] = inSync
	}
	p["default.replication.factor"], p["min.insync.replicas"] = copies, inSync
	maps.Copy(p, c.opt.Config)
	return p
}

// security returns the settings that let users log in at an address of their own, with what they change of p.
func (c *Cluster) security(p map[string]string, b *broker) map[string]string {
	var login strings.Builder
	login.WriteString("org.apache.kafka.common.security.plain.PlainLoginModule required")
	for _, user := range slices.Sorted(maps.Keys(c.opt.Users)) {
		fmt.Fprintf(&login, " user_%s=%q", user, c.opt.Users[user])
	}
	login.WriteString(";")
	return map[string]string{
		"listeners":                                   p["listeners"] + ",USERS://" + b.secure,
		"advertised.listeners":                        p["advertised.listeners"] + ",USERS://" + b.secure,
		"listener.security.protocol.map":              p["listener.security.protocol.map"] + ",USERS:SASL_PLAINTEXT",
		"listener.name.users.sasl.enabled.mechanisms": "PLAIN",
		"listener.name.users.plain.sasl.jaas.config":  login.String(),
		"authorizer.class.name":                       "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
		"super.users":                                 "User:ANONYMOUS", // who does not log in: brokers, controllers, and clients at Addrs
	}
}

// formatProperties spells settings as java.util.Properties reads them.
func formatProperties(p map[string]string) string {
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(p)) {
		b.WriteString(escape(name) + "=" + escape(p[name]) + "\n")
	}
	return b.String()
}

// escape leaves only characters that have no meaning in a properties file and that every encoding has.
func escape(s string) string {
	var b strings.Builder
	for _, unit := range utf16.Encode([]rune(s)) {
		switch {
		case unit <= ' ' || unit > '~':
			fmt.Fprintf(&b, "\\u%04x", unit)
		case strings.ContainsRune(`\=:#!`, rune(unit)):
			b.WriteString("\\" + string(rune(unit)))
		default:
			b.WriteRune(rune(unit))
		}
	}
	return b.String()
}
