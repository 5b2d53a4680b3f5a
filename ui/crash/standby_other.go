//go:build !unix || aix || solaris

package crash

// Standby does nothing: here nobody stands by.
func Standby(dir, version string) {}

func standBy() (end func()) { return func() {} }
