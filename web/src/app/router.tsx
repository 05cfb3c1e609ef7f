import type { QueryClient } from "@tanstack/react-query";
import {
  createRootRouteWithContext,
  createRoute,
  createRouter,
  lazyRouteComponent,
  Outlet,
  redirect,
} from "@tanstack/react-router";
import { meQuery } from "@/api/get-me";
import { ErrorPage, NotFoundPage, PendingPage } from "@/app/fallback-pages";
import { AppShell } from "@/app/shell/app-shell";
import { only, readRedirect } from "@/app/search";
import { readRange } from "@/components/day-range";
import { readAuditFilter } from "@/features/audit-log/filter";
import { readFailedFilter } from "@/features/failed/filter";
import { readMailFilter, readTenantFilter } from "@/features/operators/filter";
import { toApiError } from "@/lib/api-error";
import type { ExecutionState } from "@/lib/api-types";

interface RouterContext {
  queryClient: QueryClient;
}

const root = createRootRouteWithContext<RouterContext>()({
  component: Outlet,
  notFoundComponent: NotFoundPage,
});

const signIn = createRoute({
  getParentRoute: () => root,
  path: "/sign-in",
  validateSearch: only(readRedirect),
  component: lazyRouteComponent(() => import("@/app/routes/sign-in"), "SignInRoute"),
});

const register = createRoute({
  getParentRoute: () => root,
  path: "/register",
  validateSearch: only(readRedirect),
  component: lazyRouteComponent(() => import("@/app/routes/register"), "RegisterRoute"),
});

const forgotPassword = createRoute({
  getParentRoute: () => root,
  path: "/forgot-password",
  component: lazyRouteComponent(() => import("@/app/routes/forgot-password"), "ForgotPasswordRoute"),
});
const resetPassword = createRoute({
  getParentRoute: () => root,
  path: "/reset-password",
  component: lazyRouteComponent(() => import("@/app/routes/reset-password"), "ResetPasswordRoute"),
});
const verifyEmail = createRoute({
  getParentRoute: () => root,
  path: "/verify-email",
  component: lazyRouteComponent(() => import("@/app/routes/verify-email"), "VerifyEmailRoute"),
});

/** Everything behind the sign-in. */
const app = createRoute({
  getParentRoute: () => root,
  id: "app",
  component: AppShell,
  beforeLoad: async ({ context, location }) => {
    try {
      await context.queryClient.ensureQueryData(meQuery);
    } catch (error) {
      if (!toApiError(error).isSignedOut) throw error;
      throw redirect({
        to: "/sign-in",
        search: location.pathname === "/" ? {} : { redirect: location.href },
      });
    }
  },
});

const overview = createRoute({
  getParentRoute: () => app,
  path: "/",
  component: lazyRouteComponent(() => import("@/app/routes/overview"), "OverviewRoute"),
});

const chat = createRoute({
  getParentRoute: () => app,
  path: "/chat",
  component: lazyRouteComponent(() => import("@/app/routes/chat"), "ChatRoute"),
});
const chatGateway = createRoute({
  getParentRoute: () => app,
  path: "/chat/$gatewayId",
  component: lazyRouteComponent(() => import("@/app/routes/chat"), "ChatGatewayRoute"),
});
const chatConversation = createRoute({
  getParentRoute: () => app,
  path: "/chat/$gatewayId/$conversationId",
  component: lazyRouteComponent(() => import("@/app/routes/chat"), "ChatConversationRoute"),
});

const gateways = createRoute({
  getParentRoute: () => app,
  path: "/gateways",
  component: lazyRouteComponent(() => import("@/app/routes/gateways"), "GatewaysRoute"),
});
const gateway = createRoute({
  getParentRoute: () => app,
  path: "/gateways/$gatewayId",
  component: lazyRouteComponent(() => import("@/app/routes/gateway"), "GatewayRoute"),
});

const plugins = createRoute({
  getParentRoute: () => app,
  path: "/plugins",
  validateSearch: only((search): { tab?: "catalogue" | "installed" } =>
    search.tab === "catalogue" || search.tab === "installed" ? { tab: search.tab } : {},
  ),
  component: lazyRouteComponent(() => import("@/app/routes/plugins"), "PluginsRoute"),
});
const plugin = createRoute({
  getParentRoute: () => app,
  path: "/plugins/$slug",
  component: lazyRouteComponent(() => import("@/app/routes/plugin"), "PluginRoute"),
});

const EXECUTION_STATES: readonly unknown[] = ["waiting", "running", "succeeded", "failed"];
const activity = createRoute({
  getParentRoute: () => app,
  path: "/activity",
  validateSearch: only((search): { plugin?: string; state?: ExecutionState } => ({
    ...(typeof search.plugin === "string" && { plugin: search.plugin }),
    ...(EXECUTION_STATES.includes(search.state) && { state: search.state as ExecutionState }),
  })),
  component: lazyRouteComponent(() => import("@/app/routes/activity"), "ActivityRoute"),
});
const execution = createRoute({
  getParentRoute: () => app,
  path: "/activity/$executionId",
  component: lazyRouteComponent(() => import("@/app/routes/execution"), "ExecutionRoute"),
});

const failed = createRoute({
  getParentRoute: () => app,
  path: "/failed",
  validateSearch: only(readFailedFilter),
  component: lazyRouteComponent(() => import("@/app/routes/failed"), "FailedRoute"),
});
const failedOne = createRoute({
  getParentRoute: () => app,
  path: "/failed/$letterId",
  component: lazyRouteComponent(() => import("@/app/routes/failed-one"), "FailedOneRoute"),
});

const analytics = createRoute({
  getParentRoute: () => app,
  path: "/analytics",
  validateSearch: only(readRange),
  component: lazyRouteComponent(() => import("@/app/routes/analytics"), "AnalyticsRoute"),
});
const usage = createRoute({
  getParentRoute: () => app,
  path: "/usage",
  validateSearch: only(readRange),
  component: lazyRouteComponent(() => import("@/app/routes/usage"), "UsageRoute"),
});

const auditLog = createRoute({
  getParentRoute: () => app,
  path: "/audit-log",
  validateSearch: only(readAuditFilter),
  component: lazyRouteComponent(() => import("@/app/routes/audit-log"), "AuditLogRoute"),
});

/** The first of the settings' pages, for who asks for all of them. */
const settings = createRoute({
  getParentRoute: () => app,
  path: "/settings",
  beforeLoad: () => {
    throw redirect({ to: "/settings/profile", replace: true });
  },
});

const security = createRoute({
  getParentRoute: () => app,
  path: "/settings/security",
  component: lazyRouteComponent(() => import("@/app/routes/security"), "SecurityRoute"),
});

const apiKeys = createRoute({
  getParentRoute: () => app,
  path: "/settings/api-keys",
  component: lazyRouteComponent(() => import("@/app/routes/settings-api-keys"), "ApiKeysRoute"),
});

const profile = createRoute({
  getParentRoute: () => app,
  path: "/settings/profile",
  component: lazyRouteComponent(() => import("@/app/routes/settings-profile"), "ProfileRoute"),
});

const notifications = createRoute({
  getParentRoute: () => app,
  path: "/settings/notifications",
  component: lazyRouteComponent(() => import("@/app/routes/settings-notifications"), "NotificationsRoute"),
});

const tenants = createRoute({
  getParentRoute: () => app,
  path: "/operators/tenants",
  validateSearch: only(readTenantFilter),
  component: lazyRouteComponent(() => import("@/app/routes/operators-tenants"), "TenantsRoute"),
});
const tenant = createRoute({
  getParentRoute: () => app,
  path: "/operators/tenants/$tenantId",
  component: lazyRouteComponent(() => import("@/app/routes/operators-tenant"), "TenantRoute"),
});
const outbox = createRoute({
  getParentRoute: () => app,
  path: "/operators/outbox",
  validateSearch: only(readMailFilter),
  component: lazyRouteComponent(() => import("@/app/routes/operators-outbox"), "OutboxRoute"),
});

const settingsData = createRoute({
  getParentRoute: () => app,
  path: "/settings/data",
  component: lazyRouteComponent(() => import("@/app/routes/settings-data"), "DataRoute"),
});

const routeTree = root.addChildren([
  signIn,
  register,
  forgotPassword,
  resetPassword,
  verifyEmail,
  app.addChildren([
    overview,
    chat,
    chatGateway,
    chatConversation,
    gateways,
    gateway,
    plugins,
    plugin,
    activity,
    execution,
    failed,
    failedOne,
    analytics,
    usage,
    auditLog,
    settings,
    security,
    apiKeys,
    settingsData,
    profile,
    notifications,
    tenants,
    tenant,
    outbox,
  ]),
]);

export function createAppRouter(queryClient: QueryClient) {
  return createRouter({
    routeTree,
    context: { queryClient },
    defaultPreload: "intent",
    // Queries have their own idea of what is fresh.
    defaultPreloadStaleTime: 0,
    scrollRestoration: true,
    defaultPendingComponent: PendingPage,
    defaultErrorComponent: ErrorPage,
    defaultNotFoundComponent: NotFoundPage,
  });
}
