package emulator

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// user is one person, or the administrator account with index 0.
type user struct {
	given, surname string
	account        string // the part before @, and the SAM account name
	department     string
	admin          bool // domain administrator
}

// upn gives the user principal name.
func (t *tenant) upn(u *user) string { return u.account + "@" + t.domain }

// netbios gives the Windows name of the users' domain.
func (t *tenant) netbios() string {
	head, _, _ := strings.Cut(t.domain, ".")
	return strings.ToUpper(head[:min(len(head), 15)])
}

// sid gives the security identifier of a user.
func (t *tenant) sid(index int32) string {
	d := t.digest("domain-sid", 0)
	part := func(i int) uint32 {
		return uint32(d[i])<<24 | uint32(d[i+1])<<16 | uint32(d[i+2])<<8 | uint32(d[i+3])
	}
	return fmt.Sprintf("S-1-5-21-%d-%d-%d-%d", part(0), part(4), part(8), 1100+index)
}

// givenNames, surnames and departments are what people are made of.
func givenNames() []string {
	return strings.Fields("Ada Ben Carla Deniz Elif Farid Greta Hugo Ines Jonas Kofi Lena Mateo Nadia Omar Paula Quentin Rosa Sami Tara Umar Vera Wei Xenia Yusuf Zoe Amara Bruno Chloe Dario Esther Felix")
}

func surnames() []string {
	return strings.Fields("Abel Bauer Costa Diaz Eriksen Fischer Garcia Haddad Ito Jansen Kovacs Lopez Meyer Novak Okafor Petrov Quist Rossi Silva Tanaka Ueda Vogel Weber Xu Yilmaz Zeller Almeida Brandt Conti Dubois Engel Ferrari")
}

func departments() []string {
	return []string{"Sales", "Finance", "Engineering", "Operations", "Legal", "Human Resources", "Marketing", "IT"}
}

// generateUsers makes the people. The first is the administrator of the servers.
func (t *tenant) generateUsers() {
	given, family, depts := givenNames(), surnames(), departments()
	taken := make(map[string]bool, t.size.Users)
	random := t.rand("users", 0)
	t.users = make([]user, t.size.Users)
	for i := range t.users {
		u := user{given: pick(random, given), surname: pick(random, family), department: pick(random, depts)}
		u.account = strings.ToLower(u.given + "." + u.surname)
		if i == 0 {
			u = user{given: "Server", surname: "Administrator", account: "svradmin", department: "IT", admin: true}
		}
		if taken[u.account] {
			u.account = fmt.Sprintf("%s%d", u.account, i)
		}
		taken[u.account] = true
		t.users[i] = u
	}
}

// pick draws one element.
func pick[T any](random *rand.Rand, from []T) T { return from[random.IntN(len(from))] }
