// Package pack puts many messages into the value of one Kafka record, a pack, and takes them out again.
//
// What a client, a broker and a consumer group spend on a record they spend on a pack once, however many messages it holds. A
// [Builder] collects the messages of one batch for one partition; [Messages] gives them back, and is the one way in which
// records become messages: a record is a pack if it has the header [HeaderKey], whatever has been declared of its topic, and is one
// message otherwise. So a stream can be packed, or no longer be, with records of the other kind still in its log, and a lone
// message is sent as the plain record that it is.
//
// # Format
//
// A body is a head and its entries. Numbers are varints as encoding/binary has them, times are milliseconds since 1970.
//
//	version   byte     1
//	count     uvarint  entries, at least one
//	time      varint   of the first entry
//	headers   uvarint  of all entries together
//	restored  uvarint  bytes of the values that begin with the prefix, once they have it again; 0: none does
//	prefix    10 bytes if restored is not 0: the head of an Avro single object, C3 01 and the fingerprint of its schema
//
// An entry begins with a byte of flags, whose upper three bits are 0, and has those parts that its flags name:
//
//	time      varint   flag 0x10: the difference to the entry before
//	key       bytes    but for flag 0x01: the entry has no key
//	value     bytes    but for flag 0x02: the entry is a tombstone. Flag 0x04: without the prefix, which it begins with
//	headers   uvarint  flag 0x08: how many, at least one; then each: its key as bytes, and a byte 0 for a null value, or a byte
//	                   1 and the value as bytes
//
// Bytes are their length as a uvarint, and then themselves. Nothing follows the last entry.
package pack
