package filediff

import (
	"encoding/binary"
	"fmt"
	"strings"

	"github.com/tagdiff/tagdiff/model/inside"
)

// capabilityNames are the capabilities of Linux by their numbers (linux/capability.h).
var capabilityNames = [...]string{
	"chown", "dac_override", "dac_read_search", "fowner", "fsetid", "kill", "setgid", "setuid", "setpcap", "linux_immutable",
	"net_bind_service", "net_broadcast", "net_admin", "net_raw", "ipc_lock", "ipc_owner", "sys_module", "sys_rawio", "sys_chroot",
	"sys_ptrace",
	"sys_pacct", "sys_admin", "sys_boot", "sys_nice", "sys_resource", "sys_time", "sys_tty_config", "mknod", "lease", "audit_write",
	"audit_control", "setfcap", "mac_override", "mac_admin", "syslog", "wake_alarm", "block_suspend", "audit_read", "perfmon", "bpf",
	"checkpoint_restore",
}

// Capabilities returns the capabilities of a file as getcap writes them, as "cap_net_raw=ep"; "" for
// none. An attribute that cannot be read is "capabilities of an unknown form".
func Capabilities(e inside.Entry) string {
	for _, x := range e.Xattrs {
		if x.Name == "security.capability" {
			return capabilities([]byte(x.Value))
		}
	}
	return ""
}

// The header of the attribute (linux/capability.h, vfs_cap_data): the revision in the highest byte,
// then the sets of permitted and inheritable capabilities in 32-bit words, the lower ones first.
const (
	revisionMask  = 0xff000000
	revision2     = 0x02000000
	revision3     = 0x03000000
	effectiveFlag = 1
)

func capabilities(raw []byte) string {
	const unknown = "capabilities of an unknown form"
	if len(raw) < 20 {
		return unknown
	}
	head := binary.LittleEndian.Uint32(raw)
	if r := head & revisionMask; r != revision2 && r != revision3 {
		return unknown
	}
	word := func(i int) uint64 { return uint64(binary.LittleEndian.Uint32(raw[4+4*i:])) }
	permitted, inheritable := word(0)|word(2)<<32, word(1)|word(3)<<32
	var names []string
	for i := range 64 {
		if (permitted|inheritable)&(1<<i) == 0 {
			continue
		}
		if i < len(capabilityNames) {
			names = append(names, "cap_"+capabilityNames[i])
		} else {
			names = append(names, fmt.Sprint("capability ", i))
		}
	}
	flags := ""
	if head&effectiveFlag != 0 {
		flags += "e"
	}
	if inheritable != 0 {
		flags += "i"
	}
	if permitted != 0 {
		flags += "p"
	}
	return strings.Join(names, ",") + "=" + flags
}
