"""A library: modules that except from what an earlier one claims, each by itself and together."""

from spec.language import Enum, Nat, Sort, Spec, erase, exists, require
from spec.language.scope import Scope

library = Spec("library", doc="Books that are bought, lent and given back.")


class Book(Sort):
    """A book."""


class Reader(Sort):
    """Who reads one book at a time."""


class Place(Enum):
    """Where a book is."""

    absent = "not in the library"
    shelf = "on its shelf"
    lent = "with a reader"


library.durable("place", Book, Place, Place.absent, "where the book is")
library.durable("readings", Book, Nat(2), 0, "how often it was lent")
library.volatile("hand", Reader, Book, None, "the book that the reader has")


@library.action()
def buy(s, b: Book):
    """A book comes to its shelf."""
    require(new=s.place[b] == Place.absent)
    s.place[b] = Place.shelf


@library.action()
def lend(s, r: Reader, b: Book):
    """A reader takes a book home."""
    require(there=s.place[b] == Place.shelf, unworn=s.readings[b] < 2, free=s.hand[r] == None)
    s.place[b] = Place.lent
    s.readings[b] = s.readings[b] + 1
    s.hand[r] = b


@library.action()
def give_back(s, r: Reader):
    """The reader brings the book back."""
    require(lent=s.place[s.hand[r]] == Place.lent)
    s.place[s.hand[r]] = Place.shelf
    s.hand[r] = None


@library.step("LIB-1")
def books_are_somewhere(s, t, b: Book):
    """A book that is moved is somewhere."""
    return t.place[b] != Place.absent


@library.step("LIB-2")
def readings_are_counted(s, t, b: Book):
    """No reading is forgotten, and of a book that was lent none is left out."""
    return (t.place[b] != Place.absent) >> (s.readings[b] <= t.readings[b])


@library.invariant("LIB-3")
def new_books_are_unread(s, b: Book):
    """A book that is not there was not lent."""
    return (s.place[b] == Place.absent) >> (s.readings[b] == 0)


weeding = Spec("weeding", library, doc="Books that are worn are thrown away.")
losses = Spec("losses", library, doc="Readers lose books.")
losses.durable("lost", Book, bool, False, "it is on the list of what is lost")


@weeding.action()
def weed(s, b: Book):
    """A book that is worn is thrown away, and with it what was known of it."""
    require(worn=s.readings[b] == 2, there=s.place[b] == Place.shelf)
    erase(b)


@weeding.unless(books_are_somewhere)
def thrown_away(s, t, b: Book):
    """A worn book is thrown away."""
    return s.readings[b] == 2


@losses.action(fault=True)
def lose(s, r: Reader):
    """A reader loses the book."""
    require(lent=s.place[s.hand[r]] == Place.lent)
    s.place[s.hand[r]] = Place.absent
    s.lost[s.hand[r]] = True
    s.hand[r] = None


@losses.action()
def strike_out(s, b: Book):
    """A loss is struck from the list, and the book forgotten."""
    require(gone=s.place[b] == Place.absent)
    s.lost[b] = False
    s.readings[b] = 0


@losses.unless(books_are_somewhere)
def gone(s, t, b: Book):
    """A reader lost the book, which is on the list by then."""
    return t.lost[b] & ~exists(Reader, lambda r: t.hand[r] == b)


@losses.unless(new_books_are_unread)
def remembered(s, b: Book):
    """A book that is lost is remembered until it is struck from the list."""
    return s.lost[b]


everything = Spec("everything", weeding, losses, doc="Books are thrown away, and lost.")
READERS = Scope("readers", everything, {"Book": 1, "Reader": 2}, "One book, two readers.")
BOOKS = Scope("books", everything, {"Book": 2, "Reader": 2}, "Two books, two readers.")

shelved = Spec("shelved", library, doc="Somebody looks where the books are.")


@shelved.invariant("LIB-4")
def each_book_is_in_some_place(s, b: Book):
    """Whatever places there are, a book is in one of them."""
    return exists(Place, lambda p: s.place[b] == p)


@shelved.sometimes("LIB-4")
def a_book_is_in_no_place_of_the_library(s, b: Book):
    """A book can be elsewhere than the library knows."""
    known = Place.absent, Place.shelf, Place.lent
    return exists(Place, lambda p: (s.place[b] == p) & ~p.is_in(*known))


mending = Spec("mending", shelved, doc="Books are mended.")
selling = Spec("selling", shelved, doc="Books are sold.")
Workshop = mending.member(Place, "workshop", "it is being mended")
Sold = selling.member(Place, "sold", "somebody has bought it")


@mending.action()
def send_away(s, b: Book):
    """A book goes to the workshop."""
    require(there=s.place[b] == Place.shelf)
    s.place[b] = Workshop


@mending.action()
def come_back(s, b: Book):
    """A book comes from the workshop, as if it had not been read."""
    require(away=s.place[b] == Workshop)
    s.place[b] = Place.shelf
    s.readings[b] = 0


@mending.unless(readings_are_counted)
def mended(s, t, b: Book):
    """It is mended."""
    return s.place[b] == Workshop


@selling.action()
def sell(s, b: Book):
    """A book is sold."""
    require(there=s.place[b] == Place.shelf)
    s.place[b] = Sold


mended_and_sold = Spec("mended and sold", selling, mending, doc="Books are mended and sold.")
MENDED = Scope("mended", mended_and_sold, READERS.bounds, "One book, two readers.")
