import { QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { createAppRouter } from "@/app/router";
import { Toaster } from "@/components/ui/toaster";
import { TooltipProvider } from "@/components/ui/tooltip";
import { createQueryClient } from "@/lib/query-client";

const queryClient = createQueryClient(() => {
  // The session is over: back to the sign-in, and from there to where one was.
  const { pathname, href } = router.state.location;
  if (pathname === "/sign-in" || pathname === "/register") return;
  void router.navigate({ to: "/sign-in", search: { redirect: href } }).then(() => queryClient.clear());
});
const router = createAppRouter(queryClient);

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}

export function App() {
  return (
    <QueryClientProvider client={queryClient}>
      <TooltipProvider delayDuration={300}>
        <RouterProvider router={router} />
        <Toaster />
      </TooltipProvider>
    </QueryClientProvider>
  );
}
