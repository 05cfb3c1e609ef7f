import { act, renderHook } from "@testing-library/react";
import { expect, test } from "vitest";
import { useEdited } from "@/lib/use-edited";

interface Props {
  etag: string;
  stored: { name: string };
}

const FIRST: Props = { etag: "1", stored: { name: "Ada" } };
const OTHERS: Props = { etag: "2", stored: { name: "Grace" } };

const begin = () =>
  renderHook(({ etag, stored }: Props) => useEdited(etag, stored, (all) => all.name), {
    initialProps: FIRST,
  });

test("a form that nobody typed into follows what is stored", () => {
  const { result, rerender } = begin();
  rerender(OTHERS);
  expect(result.current).toMatchObject({ draft: "Grace", changed: false, behind: false });
  expect(result.current.base.etag).toBe("2");
});

test("what was typed stays when somebody else changes the same, and goes by the version that it began with", () => {
  const { result, rerender } = begin();
  act(() => result.current.setDraft("Ada L."));
  rerender(OTHERS);
  expect(result.current).toMatchObject({ draft: "Ada L.", changed: true, behind: true });
  expect(result.current.base.etag).toBe("1");

  act(() => result.current.keep());
  expect(result.current).toMatchObject({ draft: "Ada L.", changed: true, behind: false });
  expect(result.current.base.etag).toBe("2");
});

test("what is stored can be taken instead", () => {
  const { result, rerender } = begin();
  act(() => result.current.setDraft("Ada L."));
  rerender(OTHERS);
  act(() => result.current.take());
  expect(result.current).toMatchObject({ draft: "Grace", changed: false, behind: false });
});

test("a change of another part asks nothing", () => {
  const { result, rerender } = begin();
  act(() => result.current.setDraft("Ada L."));
  rerender({ ...FIRST, etag: "2" });
  expect(result.current).toMatchObject({ draft: "Ada L.", changed: true, behind: false });
  expect(result.current.base.etag).toBe("2");
});

test("what a save answered is where it goes on from", () => {
  const { result } = begin();
  act(() => result.current.setDraft("Ada L."));
  act(() => result.current.take({ etag: "3", stored: { name: "Ada L." } }));
  expect(result.current).toMatchObject({ draft: "Ada L.", changed: false });
  expect(result.current.base.etag).toBe("3");
});
