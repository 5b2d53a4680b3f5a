package credentials

// Login is one registry's credentials: user and password, or a refresh token
// (docker's "identity token"), or a ready bearer token.
type Login struct {
	Username, Password string
	RefreshToken       string
	BearerToken        string
	Source             string // the file or helper it comes from
}

func (l Login) IsZero() bool { return l.Username == "" && l.RefreshToken == "" && l.BearerToken == "" }

// String says whose login it is, without secrets.
func (l Login) String() string {
	switch {
	case l.IsZero():
		return ""
	case l.Username != "":
		return l.Username + " in " + l.Source
	}
	return "a token in " + l.Source
}
