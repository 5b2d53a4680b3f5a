// Package privatekey says whether a file holds a private key, from the first bytes of its text. It knows PEM, as openssl
// and ssh-keygen write it, and the files of PuTTY.
package privatekey

import "bytes"

// The texts that begin a file with a private key: of PEM, also behind the attributes that openssl pkcs12 writes, and
// of PuTTY.
var (
	pemBegin     = []byte("-----BEGIN ")
	pemStarts    = [][]byte{pemBegin, []byte("Bag Attributes"), []byte("Key Attributes")}
	puttyStart   = []byte("PuTTY-User-Key-File-")
	puttyOpen    = []byte("\nEncryption: none")
	opensshBegin = []byte("-----BEGIN OPENSSH PRIVATE KEY-----")
	// opensshOpen begins the key of OpenSSH without a passphrase: "openssh-key-v1", and "none" as its cipher.
	opensshOpen = []byte("b3BlbnNzaC1rZXktdjEAAAAABG5vbmU")
	keyBegins   = [][]byte{
		[]byte("-----BEGIN PRIVATE KEY-----"), []byte("-----BEGIN RSA PRIVATE KEY-----"), []byte("-----BEGIN EC PRIVATE KEY-----"),
		[]byte("-----BEGIN DSA PRIVATE KEY-----"),
	}
	encryptedKey = []byte("Proc-Type: 4,ENCRYPTED")
)

// IsOpen reports whether the start of a file is text with a private key that no passphrase encrypts. A program
// or a script that has the text of a key in it is not such a file.
func IsOpen(start []byte) bool {
	start = bytes.TrimLeft(bytes.TrimPrefix(start, []byte("\xef\xbb\xbf")), " \t\r\n")
	if bytes.HasPrefix(start, puttyStart) {
		return bytes.Contains(start, puttyOpen)
	}
	isPEM := false
	for _, begin := range pemStarts {
		isPEM = isPEM || bytes.HasPrefix(start, begin)
	}
	for isPEM && len(start) > 0 {
		line, rest, _ := bytes.Cut(start, []byte("\n"))
		start = rest
		if isOpenKey(bytes.TrimRight(line, " \t\r"), rest) {
			return true
		}
	}
	return false
}

// isOpenKey reports whether a line begins a private key that is not encrypted. rest follows the line.
func isOpenKey(line, rest []byte) bool {
	if !bytes.HasPrefix(line, pemBegin) || len(bytes.TrimSpace(rest)) == 0 {
		return false
	}
	if bytes.Equal(line, opensshBegin) {
		return bytes.HasPrefix(rest, opensshOpen)
	}
	for _, begin := range keyBegins {
		if bytes.Equal(line, begin) {
			return !bytes.HasPrefix(rest, encryptedKey)
		}
	}
	return false
}
